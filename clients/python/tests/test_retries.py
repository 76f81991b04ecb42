"""The published service config is kept: against a server that fails as it is told."""

from __future__ import annotations

import json
import tempfile
import time
import unittest
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
from support import Fake, fake, fault, noise

import scanvet
from scanvet import AsyncClient, Client, File

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
OVERLOADED = fault(UNAVAILABLE, "OVERLOADED", 50)
# More than gRPC keeps for retries unless it is told to.
PHOTO = noise(3 << 20)
LARGE = noise(6 << 20)


def files(count: int) -> Iterator[File]:
    return (File(slot="passport", content=b"x", item_id=f"item-{n}") for n in range(count))


class Retries(unittest.TestCase):
    def test_a_photo_is_sent_again_until_there_is_a_place(self) -> None:
        servicer = Fake(OVERLOADED, OVERLOADED)
        with fake(servicer) as address, Client(address) as client:
            self.assertTrue(client.validate_bytes(PHOTO, "passport").accepted)
        self.assertEqual((servicer.calls, servicer.received), (3, [len(PHOTO)]))

    def test_an_upload_is_sent_again_whole(self) -> None:
        servicer = Fake(fault(UNAVAILABLE, "WORKER_LOST", 50), fault(UNAVAILABLE))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "large.jpg"
            path.write_bytes(LARGE)
            with fake(servicer) as address, Client(address) as client:
                self.assertTrue(client.validate_path(path, "passport").accepted)
        self.assertEqual((servicer.calls, servicer.received), (3, [len(LARGE)]))

    def test_four_tries_are_enough_and_the_exception_says_when_to_come_again(self) -> None:
        servicer = Fake(*[OVERLOADED] * 9)
        with fake(servicer) as address, Client(address) as client:
            with self.assertRaises(scanvet.Overloaded) as caught:
                client.validate_bytes(b"x", "passport")
        error = caught.exception
        self.assertEqual(servicer.calls, 4)
        self.assertEqual((error.reason, error.retry_after), ("OVERLOADED", 0.05))
        self.assertEqual((error.request_id, error.code), ("call-7", UNAVAILABLE))
        self.assertIn("again after retry_after", str(error))

    def test_the_server_says_how_long_to_wait(self) -> None:
        servicer = Fake(fault(UNAVAILABLE, "OVERLOADED", 700))
        with fake(servicer) as address, Client(address) as client:
            began = time.monotonic()
            client.validate_bytes(b"x", "passport")
        # The config's own first pause is at most 0.24 seconds.
        self.assertGreater(time.monotonic() - began, 0.65)

    def test_what_is_over_the_callers_share_is_not_sent_again_by_itself(self) -> None:
        servicer = Fake(fault(grpc.StatusCode.RESOURCE_EXHAUSTED, "FILE_RATE_EXCEEDED", 1500))
        with fake(servicer) as address, Client(address) as client:
            with self.assertRaises(scanvet.RateLimited) as caught:
                client.validate_bytes(b"x", "passport")
        self.assertEqual((servicer.calls, caught.exception.retry_after), (1, 1.5))
        self.assertEqual(caught.exception.metadata["per_second"], "20")

    def test_faults_of_the_caller_and_of_the_server_are_told_at_once(self) -> None:
        for code, kind, *reason in [
            (grpc.StatusCode.INVALID_ARGUMENT, scanvet.InvalidArgument),
            (grpc.StatusCode.INTERNAL, scanvet.ServerFault),
            (grpc.StatusCode.UNIMPLEMENTED, scanvet.ServerFault),
            (grpc.StatusCode.FAILED_PRECONDITION, scanvet.RulesetNotAvailable),
            (grpc.StatusCode.OUT_OF_RANGE, scanvet.TooLarge),
            (grpc.StatusCode.RESOURCE_EXHAUSTED, scanvet.TooLarge),
            (grpc.StatusCode.RESOURCE_EXHAUSTED, scanvet.TooLarge, "STREAM_BROKEN"),
        ]:
            with self.subTest(code):
                servicer = Fake(fault(code, *reason))
                with fake(servicer) as address, Client(address) as client:
                    with self.assertRaises(scanvet.ScanvetError) as caught:
                        client.validate_bytes(b"x", "passport")
                self.assertIs(type(caught.exception), kind)
                self.assertEqual(servicer.calls, 1)

    def test_details_that_are_none_do_not_hide_the_fault(self) -> None:
        def garbled(context: grpc.ServicerContext) -> None:
            context.set_trailing_metadata((("grpc-status-details-bin", b"\xff\xff\xff"),))
            context.abort(grpc.StatusCode.INTERNAL, "said so")

        with fake(Fake(garbled)) as address, Client(address) as client:
            with self.assertRaisesRegex(scanvet.ServerFault, "said so"):
                client.validate_bytes(b"x", "passport")

    def test_a_verdict_of_a_newer_server_is_for_review(self) -> None:
        servicer = Fake()
        servicer.verdict = 99
        with fake(servicer) as address, Client(address) as client:
            self.assertIs(client.validate_bytes(b"x", "p").verdict, scanvet.Verdict.REVIEW)

    def test_the_largest_message_is_the_configs(self) -> None:
        config = json.loads(scanvet._channel.service_config())
        for method in config["methodConfig"]:
            method["maxRequestMessageBytes"] = 1000
        servicer = Fake()
        with fake(servicer) as address:
            with Client(address, service_config=json.dumps(config)) as client:
                client.validate_bytes(b"x" * 100, "passport")
                with self.assertRaises(scanvet.TooLarge):
                    client.validate_bytes(b"x" * 1000, "passport")
        self.assertEqual(servicer.calls, 1)

    def test_a_call_ends_when_the_config_says(self) -> None:
        config = json.loads(scanvet._channel.service_config())
        config["methodConfig"][0]["timeout"] = "0.3s"
        with fake(Fake(lambda context: time.sleep(2))) as address:
            with Client(address, service_config=json.dumps(config)) as client:
                with self.assertRaises(scanvet.DeadlineExceeded):
                    client.validate_bytes(b"x", "passport")


class Batches(unittest.TestCase):
    def test_a_stream_that_breaks_goes_on_where_it_was(self) -> None:
        servicer = Fake(OVERLOADED, fault(UNAVAILABLE))
        servicer.answers_of_a_stream = 5
        with fake(servicer) as address, Client(address) as client:
            ids = [item.item_id for item in client.validate_many(files(20), window=3)]
        self.assertEqual(sorted(ids), sorted(f"item-{n}" for n in range(20)))
        self.assertEqual(len(servicer.streams), 3)

    def test_a_server_that_is_gone_ends_the_batch(self) -> None:
        servicer = Fake(*[OVERLOADED] * 99)
        servicer.answers_of_a_stream = -1
        servicer.StreamValidateFiles = lambda requests, context: OVERLOADED(context)  # type: ignore
        with fake(servicer) as address, Client(address) as client:
            with self.assertRaises(scanvet.Overloaded):
                list(client.validate_many(files(5)))

    def test_what_the_callers_files_raise_reaches_the_caller(self) -> None:
        def broken() -> Iterator[File]:
            yield from files(2)
            raise KeyError("mine")

        with fake(Fake()) as address, Client(address) as client:
            answers = client.validate_many(broken())
            self.assertEqual([next(answers).item_id, next(answers).item_id], ["item-0", "item-1"])
            with self.assertRaisesRegex(KeyError, "mine"):
                next(answers)
            with self.assertRaises(FileNotFoundError):
                list(client.validate_many([File(slot="passport", path="no-such-file.jpg")]))

    def test_a_batch_may_be_left(self) -> None:
        with fake(Fake()) as address, Client(address) as client:
            for _ in client.validate_many(files(1000), window=2):
                break
            self.assertTrue(client.validate_bytes(b"x", "passport").accepted)


class Awaited(unittest.IsolatedAsyncioTestCase):
    async def test_photos_and_uploads_are_sent_again(self) -> None:
        for content in (PHOTO, LARGE):
            servicer = Fake(OVERLOADED, fault(UNAVAILABLE))
            with fake(servicer) as address:
                async with AsyncClient(address) as client:
                    result = await client.validate_bytes(content, "passport")
            self.assertTrue(result.accepted)
            self.assertEqual((servicer.calls, servicer.received), (3, [len(content)]))

    async def test_exceptions_are_the_same(self) -> None:
        servicer = Fake(fault(grpc.StatusCode.RESOURCE_EXHAUSTED, "BYTE_RATE_EXCEEDED", 1500))
        with fake(servicer) as address:
            async with AsyncClient(address) as client:
                with self.assertRaises(scanvet.RateLimited) as caught:
                    await client.validate_bytes(b"x", "passport")
        self.assertEqual((servicer.calls, caught.exception.retry_after), (1, 1.5))

    async def test_a_stream_that_breaks_goes_on_where_it_was(self) -> None:
        async def given() -> AsyncIterator[File]:
            for file in files(20):
                yield file

        for source in (files(20), given()):
            servicer = Fake(OVERLOADED, fault(UNAVAILABLE))
            servicer.answers_of_a_stream = 5
            with fake(servicer) as address:
                async with AsyncClient(address) as client:
                    ids = [item.item_id async for item in client.validate_many(source, window=3)]
            self.assertEqual(sorted(ids), sorted(f"item-{n}" for n in range(20)))
            self.assertEqual(len(servicer.streams), 3)

    async def test_what_the_callers_files_raise_reaches_the_caller(self) -> None:
        async def broken() -> AsyncIterator[File]:
            for file in files(2):
                yield file
            raise KeyError("mine")

        with fake(Fake()) as address:
            async with AsyncClient(address) as client:
                seen = []
                with self.assertRaisesRegex(KeyError, "mine"):
                    async for item in client.validate_many(broken()):
                        seen.append(item.item_id)
        self.assertEqual(seen, ["item-0", "item-1"])
