"""Against the real program: what a caller gets, and what it is told when it gets nothing."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import ROOT, SAMPLES, checked, noise, server

import scanvet
from scanvet import AsyncClient, Client, Context, Evidence, File, Options, Result, Severity, Verdict

CARD = SAMPLES / "accept-card.jpg"
GREY = SAMPLES / "reject-card-grey.jpg"
ALIBABA = Context(profile="alibaba-2019")
KEY = "k" * 40
# One of each kind of outcome, and of each way to it.
SOME = ["accept-card.jpg", "reject-card-grey.jpg", "reject-text-named.jpg", "reject-animated.gif"]


class Server(unittest.TestCase):
    """One server for all tests of a class."""

    arguments: tuple[str, ...] = ()

    @classmethod
    def setUpClass(cls) -> None:
        cls.address = cls.enterClassContext(server(*cls.arguments))
        cls.client = cls.enterClassContext(Client(cls.address, context=ALIBABA))


class Files(Server):
    def test_verdict_reasons_and_measurements_are_those_of_the_command_line(self) -> None:
        for path in map(SAMPLES.joinpath, SOME):
            with self.subTest(path.name):
                result = self.client.validate_path(path, "id-card-front")
                told = checked(path, "--slot", "id-card-front", "--profile", "alibaba-2019")
                self.assertEqual(f"VERDICT_{result.verdict.value}", told["verdict"])
                reasons = [finding["reason"] for finding in told.get("findings", [])]
                self.assertEqual(result.reasons, reasons)
                measured = [
                    (measured["name"], measured.get("value", 0.0))
                    for check in told["checks"]
                    for measured in check.get("measurements", [])
                ]
                seen = [
                    (measured.name, measured.value)
                    for check in result.message.checks
                    for measured in check.measurements
                ]
                self.assertEqual(seen, measured)

    def test_a_rejection_is_an_answer_with_texts_for_the_applicant(self) -> None:
        result = self.client.validate_path(GREY, "id-card-front", item_id="upload-1")
        self.assertEqual((result.item_id, result.verdict), ("upload-1", Verdict.REJECT))
        self.assertFalse(result.accepted)
        finding = result.findings[0]
        self.assertEqual((finding.reason, finding.severity), ("COLOUR_MISSING", Severity.ERROR))
        self.assertIn("彩色", finding.text())
        self.assertIn("彩色", finding.text("zh-TW"))
        self.assertIn("colour", finding.text("en"))
        measured = finding.measurements[0]
        self.assertEqual((measured.name, measured.max), ("colour.coloured_share", None))
        self.assertLess(measured.value, measured.min or 0.0)
        self.assertIn("scanvet", repr(scanvet))
        self.assertNotIn("\\xff", repr(result))

    def test_options_reach_the_server(self) -> None:
        options = Options(
            locales=["en"],
            evidence=Evidence.ANNOTATED_IMAGE,
            readings=True,
            ruleset_version="2026.10.0",
        )
        result = self.client.validate_path(GREY, "id-card-front", options=options)
        self.assertEqual(set(result.findings[0].messages), {"en"})
        self.assertEqual(result.annotated_image[:2], b"\xff\xd8")
        self.assertTrue(result.message.readings)
        self.assertEqual(result.ruleset_version, "2026.10.0")
        bare = Options(evidence=Evidence.NONE)
        result = self.client.validate_path(GREY, "id-card-front", options=bare)
        self.assertFalse(result.findings[0].measurements)

    def test_the_context_reaches_the_server(self) -> None:
        context = Context(
            profile="alibaba-2018",
            province="CN-SH",
            entity_type="company",
            filing_type="initial",
            content_categories=["news"],
            as_of=datetime.date(2018, 5, 1),
            channel="web",
            issued_elsewhere=False,
        )
        result = self.client.validate_path(CARD, "id-card-front", context=context)
        used = result.message.provenance.context
        self.assertEqual((used.profile, used.province), ("alibaba-2018", "CN-SH"))
        self.assertEqual(used.as_of, "2018-05-01")

    def test_a_large_file_goes_in_chunks_and_arrives_whole(self) -> None:
        content = noise(5 << 20)
        context = Context(profile="generic")
        result = self.client.validate_bytes(content, "supporting-document", context=context)
        self.assertIs(result.verdict, Verdict.REJECT)
        self.assertEqual(result.message.detected.sha256, hashlib.sha256(content).hexdigest())
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "large.jpg"
            path.write_bytes(content)
            again = self.client.validate_path(path, "supporting-document", context=context)
        self.assertEqual(again.message.detected.sha256, result.message.detected.sha256)

    def test_a_file_above_the_rules_bound_is_rejected_before_all_of_it_has_come(self) -> None:
        result = self.client.validate_bytes(noise(30 << 20), "id-card-front")
        self.assertEqual(result.reasons, ["FILE_TOO_LARGE"])
        self.assertEqual(result.message.detected.sha256, "")

    def test_slots_and_names_are_taken_in_chinese_too(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "身份证 正面.jpg"
            shutil.copy(CARD, path)
            self.assertTrue(self.client.validate_path(path, "id-card-front").accepted)
        with self.assertRaises(scanvet.InvalidArgument) as caught:
            self.client.validate_path(CARD, "身份证", item_id="张三")
        fields = {violation.field for violation in caught.exception.violations}
        self.assertEqual(fields, {"file.slot", "file.item_id"})
        self.assertNotIn("张三", str(caught.exception))

    def test_a_request_that_breaks_the_contract_names_field_and_bound(self) -> None:
        with self.assertRaises(scanvet.InvalidArgument) as caught:
            self.client.validate_path(CARD, "id-card", context=Context(province="CN-XX"))
        error = caught.exception
        bounds = {violation.field: violation.description for violation in error.violations}
        self.assertIn("CN-SH", bounds["options.context.province"])
        self.assertIn("id-card-front", error.metadata["known_slots"])
        self.assertTrue(error.request_id)
        with self.assertRaises(scanvet.RulesetNotAvailable) as missing:
            options = Options(ruleset_version="1999.1.0")
            self.client.validate_path(CARD, "id-card-front", options=options)
        self.assertIn("2026.11.0", missing.exception.metadata["available"])

    def test_a_file_that_is_not_there_is_an_error_of_this_machine(self) -> None:
        with self.assertRaises(FileNotFoundError):
            self.client.validate_path("no-such-file.jpg", "id-card-front")
        with self.assertRaises(ValueError):
            File(slot="passport", path="x.jpg", content=b"x")

    def test_a_deadline_ends_a_call(self) -> None:
        for content in (GREY.read_bytes(), noise(6 << 20)):
            with self.assertRaises(scanvet.DeadlineExceeded):
                self.client.validate_bytes(content, "id-card-front", timeout=0.001)

    def test_what_the_server_can_do(self) -> None:
        info = self.client.server_info()
        self.assertEqual(info.max_file_bytes, 20 << 20)
        profiles = {profile.id for profile in self.client.list_profiles()}
        self.assertIn("alibaba-2019", profiles)
        rules = self.client.ruleset("id-card-front")
        self.assertIn("IMAGE_BLURRED", {reason.reason for reason in rules.reasons})


class Filings(Server):
    def test_a_filing_is_judged_together(self) -> None:
        sides = ("id-card-front", "id-card-back")
        # Each side in the other one's place.
        files = [
            File(slot=slot, path=ROOT / f"testdata/filings/{other}.jpg")
            for slot, other in zip(sides, reversed(sides), strict=True)
        ]
        result = self.client.validate_filing(files)
        self.assertIs(result.verdict, Verdict.REJECT)
        self.assertEqual(len(result.results), 2)
        swapped = result.findings[0]
        self.assertEqual(swapped.reason, "SIDES_SWAPPED")
        self.assertEqual(swapped.metadata["uploads"], "1, 2")
        right = [File(slot=slot, path=ROOT / f"testdata/filings/{slot}.jpg") for slot in sides]
        reasons = [finding.reason for finding in self.client.validate_filing(right).findings]
        self.assertNotIn("SIDES_SWAPPED", reasons)

    def test_a_filing_of_no_files_is_refused(self) -> None:
        with self.assertRaises(scanvet.InvalidArgument) as caught:
            self.client.validate_filing([])
        self.assertEqual(caught.exception.reason, "FILES_OUT_OF_RANGE")
        with self.assertRaises(scanvet.InvalidArgument) as caught:
            self.client.validate_filing([File(slot="x", content=b"x")])
        self.assertEqual(caught.exception.violations[0].field, "files[0].file.slot")

    def test_a_plan_tells_uploads_and_steps(self) -> None:
        context = Context(
            profile="alibaba-2018",
            filing_type="new-website-elsewhere",
            province="CN-TJ",
            entity_type="company",
            as_of="2018-05-01",
        )
        plan = self.client.plan(context)
        upload = plan.uploads[0]
        self.assertTrue(upload.id and upload.slot and upload.source and upload.text("zh-CN"))
        self.assertNotEqual(upload.text("zh-CN"), upload.text("en"))
        self.assertTrue(any(upload.required for upload in plan.uploads))
        self.assertTrue(plan.steps and all(step.text("zh-CN") for step in plan.steps))
        self.assertEqual(plan.message.provenance.context.province, "CN-TJ")
        with self.assertRaises(scanvet.InvalidArgument):
            self.client.plan(Context(profile="nobody-1999"))

    def test_a_batch_answers_each_file_once(self) -> None:
        paths = [SAMPLES / name for name in SOME]
        files = [File(slot="id-card-front", path=path, item_id=path.name) for path in paths]
        files.append(File(slot="no-such-slot", content=b"x", item_id="odd-one"))
        files.append(File(slot="passport", uri="s3://nowhere/x", item_id="elsewhere"))
        items = {item.item_id: item for item in self.client.validate_many(files)}
        self.assertEqual(len(items), len(files))
        odd = items.pop("odd-one").fault
        assert odd is not None
        self.assertEqual((odd.reason, odd.code, odd.retryable), ("SLOT_UNKNOWN", 3, False))
        self.assertIsNotNone(items.pop("elsewhere").fault)
        for path in paths:
            alone = self.client.validate_path(path, "id-card-front")
            together = items[path.name].result
            assert together is not None
            self.assertEqual(together.reasons, alone.reasons)

    def test_files_of_a_batch_without_ids_are_numbered(self) -> None:
        files = [File(slot="id-card-front", path=path) for path in (CARD, GREY)]
        found = {item.item_id: item.result for item in self.client.validate_many(files)}
        assert found["0"] is not None and found["1"] is not None
        self.assertTrue(found["0"].accepted)
        self.assertFalse(found["1"].accepted)


class Awaited(unittest.TestCase):
    def test_the_awaited_client_gets_the_same(self) -> None:
        async def ask(address: str) -> None:
            async with AsyncClient(address, context=ALIBABA) as client:
                results: list[Result] = await asyncio.gather(
                    *(client.validate_path(path, "id-card-front") for path in (CARD, GREY))
                )
                self.assertEqual([result.accepted for result in results], [True, False])
                large = await client.validate_bytes(noise(30 << 20), "id-card-front")
                self.assertEqual(large.reasons, ["FILE_TOO_LARGE"])
                filing = await client.validate_filing([File(slot="id-card-front", path=CARD)])
                self.assertIn("UPLOAD_MISSING", [found.reason for found in filing.findings])
                self.assertTrue((await client.plan(Context(profile="alibaba-2018"))).uploads)
                profiles = [profile.id async for profile in client.list_profiles()]
                self.assertIn("alibaba-2019", profiles)
                self.assertEqual((await client.server_info()).max_file_bytes, 20 << 20)
                self.assertTrue((await client.ruleset("id-card-front")).reasons)
                files = [File(slot="id-card-front", path=path) for path in (CARD, GREY)]
                found = {item.item_id: item.result async for item in client.validate_many(files)}
                self.assertEqual(set(found), {"0", "1"})
                with self.assertRaises(scanvet.InvalidArgument):
                    await client.validate_bytes(b"x", "no-such-slot")
                with self.assertRaises(scanvet.DeadlineExceeded):
                    await client.validate_path(GREY, "id-card-front", timeout=0.001)
                with self.assertRaises(FileNotFoundError):
                    await client.validate_path("no-such-file.jpg", "id-card-front")

        with server() as address:
            asyncio.run(ask(address))


class Doors(unittest.TestCase):
    def test_no_server_is_told_after_the_retries(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with Client(f"127.0.0.1:{taken.getsockname()[1]}") as client:
                with self.assertRaises(scanvet.Unreachable) as caught:
                    client.validate_path(CARD, "id-card-front")
        self.assertIn("address", str(caught.exception))
        self.assertIsNone(caught.exception.retry_after)

    def test_keys_and_tokens(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            keys, config = Path(folder) / "keys.toml", Path(folder) / "scanvet.toml"
            digest = hashlib.sha256(KEY.encode()).hexdigest()
            keys.write_text(f'"filing-web" = "sha256:{digest}"\n', "utf-8")
            config.write_text(f'[serve.access]\napi_keys = "{keys}"\n', "utf-8")
            with server("--config", str(config)) as address:
                renewed = iter(["w" * 40, f"{KEY}\n"])
                with Client(address, api_key=lambda: next(renewed)) as client:
                    with self.assertRaises(scanvet.NotAllowed) as caught:
                        client.validate_path(CARD, "id-card-front")
                    self.assertEqual(caught.exception.reason, "CREDENTIALS_INVALID")
                    self.assertTrue(client.validate_path(CARD, "id-card-front").accepted)
                with Client(address, token=KEY) as client:
                    self.assertTrue(client.validate_path(CARD, "id-card-front").accepted)
                with Client(address) as client:
                    with self.assertRaises(scanvet.NotAllowed) as caught:
                        list(client.validate_many([File(slot="passport", content=b"x")]))
                    self.assertEqual(caught.exception.reason, "CREDENTIALS_MISSING")

    def test_a_secret_does_not_leave_this_machine_unprotected(self) -> None:
        for secret in ({"api_key": KEY}, {"token": KEY}):
            with self.assertRaisesRegex(ValueError, "https://"):
                Client("scanvet.example.org:50051", **secret)
            Client("scanvet.example.org:50051", **secret, insecure=True).close()
            Client("https://scanvet.example.org", **secret).close()
            for here in ("localhost:1", "127.0.0.1:1", "http://[::1]:1"):
                Client(here, **secret).close()

    def test_options_that_do_not_fit_together_are_refused(self) -> None:
        for address, options in [
            ("localhost:1", {"api_key": KEY, "token": KEY}),
            ("localhost:1", {"certificate": b"x"}),
            ("http://localhost:1", {"ca": b"x"}),
            ("ftp://localhost:1", {}),
            ("", {}),
        ]:
            with self.assertRaises(ValueError):
                Client(address, **options)

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_certificates_of_both_sides(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            certificates(folder)
            arguments = ["--tls-certificate", str(folder / "server.pem")]
            arguments += ["--tls-key", str(folder / "server.key")]
            arguments += ["--client-ca", str(folder / "ca.pem")]
            own = {"certificate": folder / "caller.pem", "key": folder / "caller.key"}
            with server(*arguments) as address:
                secure = f"https://localhost:{address.rpartition(':')[2]}"
                with Client(secure, ca=folder / "ca.pem", **own) as client:
                    self.assertTrue(client.validate_path(CARD, "id-card-front").accepted)
                for options in ({"ca": folder / "ca.pem"}, own):
                    with Client(secure, timeout=5, **options) as client:
                        with self.assertRaises(scanvet.ScanvetError) as caught:
                            client.validate_path(CARD, "id-card-front")
                    kinds = (scanvet.Unreachable, scanvet.DeadlineExceeded)
                    self.assertIsInstance(caught.exception, kinds)


def certificates(folder: Path) -> None:
    """An authority, a server's certificate and a caller's."""

    def openssl(*arguments: str) -> None:
        command = ["openssl", *arguments]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *new, "-days", "2", "-subj", "/CN=t", "-keyout", "ca.key", "-out", "ca.pem")
    for who, names, use in [
        ("server", "DNS:localhost,IP:127.0.0.1", "serverAuth"),
        ("caller", "URI:spiffe://example.org/filing/web", "clientAuth"),
    ]:
        openssl("req", *new, "-subj", "/", "-keyout", f"{who}.key", "-out", f"{who}.csr")
        ext = f"subjectAltName={names}\nextendedKeyUsage={use}\n"
        (folder / f"{who}.ext").write_text(ext, "utf-8")
        signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"]
        made = ["-in", f"{who}.csr", "-extfile", f"{who}.ext", "-out", f"{who}.pem"]
        openssl("x509", "-req", *signed, *made)
