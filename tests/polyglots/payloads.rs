//! What is hidden: the smallest files that the programs of their kind take for their own.

use crate::support::{encode, fixtures};

/// A file to hide: its kind, and how its bytes look.
pub(crate) fn payloads() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("ZIP", fixtures::zip()),
        ("JAR", jar()),
        (
            "RAR",
            b"Rar!\x1a\x07\x01\0\x33\x92\xb5\xe5\x0a\x01\x05\x06\0\x05\x01\x01\x80\x80\0".to_vec(),
        ),
        ("RAR of old", b"Rar!\x1a\x07\0\xcf\x90\x73\0\0\x0d\0\0\0\0\0\0\0".to_vec()),
        ("7z", [&b"7z\xbc\xaf\x27\x1c\0\x04"[..], &[0; 24]].concat()),
        ("tar", tape()),
        ("HTML", b"<html><body onload=\"alert(1)\">x</body></html>".to_vec()),
        ("HTML in capitals", b"<!DOCTYPE HTML><TITLE>x</TITLE>".to_vec()),
        ("script tag", b"<script>document.location='//example.org'</script>".to_vec()),
        ("SVG", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"x()\"/>".to_vec()),
        ("JavaScript", b"*/=alert(document.domain);//".to_vec()),
        ("PHP", b"<?php system($_GET['c']); __halt_compiler(); ?>".to_vec()),
        (
            "PDF",
            b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF".to_vec(),
        ),
        ("PE", windows()),
        ("ELF", linux()),
        ("shell", b"#!/bin/sh\necho x\nexit\n".to_vec()),
        ("Word of old", [&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..], &[0; 40]].concat()),
    ]
}

/// A second picture: where cameras keep none.
pub(crate) fn pictures() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("PNG", encode::png(&image::RgbImage::new(8, 8))),
        ("GIF", encode::gif(&[&image::RgbImage::new(8, 8)])),
        ("JPEG", encode::jpeg(&image::RgbImage::new(8, 8), 50)),
    ]
}

/// An archive whose comment is as long as can be.
fn jar() -> Vec<u8> {
    let mut bytes = fixtures::zip();
    let end = bytes.len() - 2;
    bytes[end..].copy_from_slice(&1000u16.to_le_bytes());
    bytes.extend([b'x'; 1000]);
    bytes
}

fn tape() -> Vec<u8> {
    let mut block = [0u8; 1536];
    block[..4].copy_from_slice(b"name");
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum::<u32>() + 8 * 32;
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block.to_vec()
}

fn windows() -> Vec<u8> {
    let mut bytes = b"MZ\x90\0\x03\0\0\0".to_vec();
    bytes.resize(0x3C, 0);
    bytes.extend(0x80u32.to_le_bytes());
    bytes.resize(0x80, 0);
    bytes.extend(b"PE\0\0\x64\x86\x01\0");
    bytes.extend([0; 200]);
    bytes
}

fn linux() -> Vec<u8> {
    [&b"\x7fELF\x02\x01\x01\0"[..], &[0; 8], b"\x02\0\x3e\0\x01\0\0\0", &[0; 40]].concat()
}
