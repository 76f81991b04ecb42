//! A file that comes in pieces: header, chunks, perhaps a trailer; refused as soon as it can be.

use bytes::{Bytes, BytesMut};
use tonic::{Status, Streaming};

use super::call::Call;
use super::early::{self, BY_KIND, BY_SIZE};
use super::fault::{Fault, Violation};
use super::proto::upload_and_validate_file_request::Payload;
use super::proto::{UploadAndValidateFileRequest, ValidationResult};
use super::request::{Ask, ask, is_sha256};
use super::service::Service;

const LARGEST_CHUNK: usize = 1024 * 1024;

/// Reads the stream and answers, before its end if what has come condemns the file.
pub(super) async fn receive(
    service: &Service,
    call: &mut Call,
    mut messages: Streaming<UploadAndValidateFileRequest>,
) -> Result<ValidationResult, Fault> {
    let mut ask = match payload(&mut messages).await? {
        Some(Payload::Header(header)) => ask(&service.books.now(), header.file, header.options)?,
        Some(_) => return Err(out_of_order("the first message must be the header")),
        None => return Err(out_of_order("the stream ended before the header")),
    };
    call.asks(&ask);
    // What is announced is booked at once: a refusal is then cheap for both.
    let mut booked = ask.size.unwrap_or(0).min(service.config.max_file_bytes as u64);
    service.charge_bytes(call, booked)?;
    let limit = early::size_limit(&ask.rules);
    let mut held = service.pool.hold(0)?;
    let mut content = BytesMut::new();
    let mut looked_at_kind = false;
    loop {
        match payload(&mut messages).await? {
            Some(Payload::Chunk(chunk)) => {
                if chunk.len() > LARGEST_CHUNK {
                    let message = format!("a chunk holds at most {LARGEST_CHUNK} bytes");
                    let fault = Fault::argument("CHUNK_TOO_LARGE", message);
                    return Err(fault.with("max_chunk_bytes", LARGEST_CHUNK));
                }
                let more = ((content.len() + chunk.len()) as u64).saturating_sub(booked);
                service.charge_bytes(call, more)?;
                booked += more;
                service.pool.hold_more(&mut held, content.len() + chunk.len())?;
                content.extend_from_slice(&chunk);
                call.received(content.len());
            }
            Some(Payload::Trailer(trailer)) => {
                end_with(&mut ask, trailer.sha256)?;
                if payload(&mut messages).await?.is_some() {
                    return Err(out_of_order("nothing may follow the trailer"));
                }
                break;
            }
            Some(Payload::Header(_)) => return Err(out_of_order("only one header may be sent")),
            None => break,
        }
        if limit.is_some_and(|limit| content.len() as u64 >= limit) {
            let prefix = (content.freeze(), BY_SIZE);
            return service.refuse_early(call, &ask, held, prefix).await;
        }
        service.must_fit(&ask, content.len())?;
        if !looked_at_kind && content.len() >= early::TELLING_BYTES {
            looked_at_kind = true;
            let declared = ask.declared_media_type.as_deref();
            if early::is_wrong_kind(&ask.rules, declared, &content) {
                let prefix = (content.freeze(), BY_KIND);
                return service.refuse_early(call, &ask, held, prefix).await;
            }
        }
    }
    call.received(content.len());
    let content: Bytes = content.freeze();
    let place = service.pool.place(call.class, call.deadline)?;
    service.judge(call, &ask, (place, held), content).await
}

/// The next message's payload; `None` at the end of the stream.
async fn payload(
    messages: &mut Streaming<UploadAndValidateFileRequest>,
) -> Result<Option<Payload>, Fault> {
    match messages.message().await {
        Ok(Some(UploadAndValidateFileRequest { payload: Some(payload) })) => Ok(Some(payload)),
        Ok(Some(UploadAndValidateFileRequest { payload: None })) => {
            Err(out_of_order("a message holds neither header nor chunk nor trailer"))
        }
        Ok(None) => Ok(None),
        Err(status) => Err(broken_stream(&status)),
    }
}

/// The transport's own fault, with the details that every fault has.
pub(super) fn broken_stream(status: &Status) -> Fault {
    Fault::of(status.code(), "STREAM_BROKEN", status.message())
}

fn end_with(ask: &mut Ask, sha256: String) -> Result<(), Fault> {
    if sha256.is_empty() {
        return Ok(());
    }
    if !is_sha256(&sha256) {
        let rule = "must be 64 lower-case hex digits";
        let violation = Violation::of("trailer.sha256", "SHA256_MALFORMED", rule);
        return Err(Fault::of_violations(vec![violation]).unwrap_or_else(Fault::internal));
    }
    if ask.sha256.as_ref().is_some_and(|announced| *announced != sha256) {
        let message = "header and trailer announce different digests";
        return Err(Fault::argument("DIGEST_MISMATCH", message));
    }
    ask.sha256 = Some(sha256);
    Ok(())
}

fn out_of_order(message: &str) -> Fault {
    Fault::argument("UPLOAD_OUT_OF_ORDER", message)
}
