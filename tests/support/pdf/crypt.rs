//! The standard security handler of PDF (ISO 32000-1, 7.6; for AES-256 ISO 32000-2, 7.6).
//!
//! Initialisation vectors and salts are fixed, so that a file is the same each time. Nothing here is
//! secret.

use std::collections::BTreeMap;
use std::sync::Mutex;

use sha2::{Digest, Sha256, Sha384, Sha512};

use super::cipher::{cbc, md5, rc4};
use super::{Object, hex};

/// What fills a password up to 32 bytes.
const PADDING: [u8; 32] = [
    0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08,
    0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A,
];

/// Everything is permitted but to change the document.
const PERMISSIONS: i32 = -44;

const VECTOR: [u8; 16] = *b"initial vector 1";

/// How strings and streams are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// RC4 with 40 bits: version 1, revision 2.
    Rc4Short,
    /// RC4 with 128 bits: version 2, revision 3.
    Rc4Long,
    /// AES with 128 bits: version 4, revision 4.
    Aes128,
    /// AES with 256 bits: version 5, revision 6.
    Aes256,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rc4Short, Self::Rc4Long, Self::Aes128, Self::Aes256];

    /// Whether it came with PDF 2.0.
    pub fn is_of_pdf_2(self) -> bool {
        self == Self::Aes256
    }

    const fn is_aes(self) -> bool {
        matches!(self, Self::Aes128 | Self::Aes256)
    }

    const fn key_length(self) -> usize {
        match self {
            Self::Rc4Short => 5,
            Self::Rc4Long | Self::Aes128 => 16,
            Self::Aes256 => 32,
        }
    }
}

/// How a file is encrypted, and what opens it.
#[derive(Clone, Debug)]
pub struct Encryption {
    /// The cipher.
    pub method: Method,
    /// Empty = opens for everybody.
    pub user_password: &'static str,
}

impl Encryption {
    /// Opens without a password, as files do that only forbid to print.
    pub fn open(method: Method) -> Self {
        Self { method, user_password: "" }
    }

    /// The cipher, and the text of the encryption dictionary.
    pub(super) fn start(&self, id: &[u8]) -> (Cipher, String) {
        match self.method {
            Method::Aes256 => self.start_256(),
            method => self.start_old(method, id),
        }
    }

    fn start_old(&self, method: Method, id: &[u8]) -> (Cipher, String) {
        let (length, short) = (method.key_length(), method == Method::Rc4Short);
        let (owner, user) = (padded("owner"), padded(self.user_password));
        let owner_key = strengthened(&owner, length, short);
        let mut o = rc4(&owner_key, &user);
        if !short {
            o = again(&owner_key, o);
        }
        let material = [&user[..], &o, &PERMISSIONS.to_le_bytes(), id].concat();
        let key = strengthened(&material, length, short);
        let u = match short {
            true => rc4(&key, &PADDING),
            false => {
                let first = rc4(&key, &md5(&[&PADDING, id].concat()));
                [again(&key, first), vec![0; 16]].concat()
            }
        };
        let form = match method {
            Method::Rc4Short => "/V 1 /R 2",
            Method::Rc4Long => "/V 2 /R 3 /Length 128",
            _ => {
                "/V 4 /R 4 /Length 128 /CF << /StdCF << /CFM /AESV2 /AuthEvent /DocOpen /Length 16 >> >> /StmF /StdCF /StrF /StdCF"
            }
        };
        let text = format!(
            "<< /Filter /Standard {form} /O <{}> /U <{}> /P {PERMISSIONS} >>",
            hex(&o),
            hex(&u)
        );
        (Cipher { method, key }, text)
    }

    /// Hashing a password takes a hundred times as long as the rest of a file: done once for each.
    fn start_256(&self) -> (Cipher, String) {
        static STARTED: Mutex<BTreeMap<&str, (Cipher, String)>> = Mutex::new(BTreeMap::new());
        let mut started = STARTED.lock().expect("no test fails in here");
        started.entry(self.user_password).or_insert_with(|| self.start_new()).clone()
    }

    fn start_new(&self) -> (Cipher, String) {
        let password = self.user_password.as_bytes();
        let key = Sha256::digest(b"the key of a file of a test").to_vec();
        let half = |password: &[u8], salts: [&[u8; 8]; 2], user: &[u8]| {
            let [validation, encryption] = salts;
            let hash = hash_of_revision_6(password, validation, user);
            let check = [&hash[..], validation, encryption].concat();
            let wrapping = hash_of_revision_6(password, encryption, user);
            (check, cbc(&wrapping, &[0; 16], &key))
        };
        let (u, ue) = half(password, [b"validate", b"encipher"], &[]);
        let (o, oe) = half(b"owner", [b"VALIDATE", b"ENCIPHER"], &u);
        let mut permissions = PERMISSIONS.to_le_bytes().to_vec();
        permissions.extend(b"\xFF\xFF\xFF\xFFTadbfour");
        let permissions = cbc(&key, &[0; 16], &permissions);
        let text = format!(
            "<< /Filter /Standard /V 5 /R 6 /Length 256 /CF << /StdCF << /CFM /AESV3 /AuthEvent /DocOpen /Length 32 >> >> /StmF /StdCF /StrF /StdCF /O <{}> /U <{}> /OE <{}> /UE <{}> /Perms <{}> /P {PERMISSIONS} >>",
            hex(&o),
            hex(&u),
            hex(&oe),
            hex(&ue),
            hex(&permissions)
        );
        (Cipher { method: Method::Aes256, key }, text)
    }
}

/// Encrypts the objects of one file.
#[derive(Clone)]
pub(super) struct Cipher {
    method: Method,
    key: Vec<u8>,
}

impl Cipher {
    /// The object with its strings and its data encrypted.
    pub(super) fn object(&self, number: u32, object: &Object) -> Object {
        let key = self.key_of(number);
        let text = encrypted_strings(&object.text, |string| self.encrypt(&key, string));
        let data = object.data.as_ref().map(|data| self.encrypt(&key, data));
        Object { text, data }
    }

    fn key_of(&self, number: u32) -> Vec<u8> {
        if self.method == Method::Aes256 {
            return self.key.clone();
        }
        let salt: &[u8] = if self.method.is_aes() { b"sAlT" } else { b"" };
        let material = [&self.key[..], &number.to_le_bytes()[..3], &[0, 0], salt].concat();
        md5(&material)[..(self.key.len() + 5).min(16)].to_vec()
    }

    fn encrypt(&self, key: &[u8], bytes: &[u8]) -> Vec<u8> {
        if !self.method.is_aes() {
            return rc4(key, bytes);
        }
        let filling = 16 - bytes.len() % 16;
        let filled = [bytes, &vec![filling as u8; filling]].concat();
        [VECTOR.to_vec(), cbc(key, &VECTOR, &filled)].concat()
    }
}

/// The text with each of its strings encrypted and written in hexadecimal digits.
fn encrypted_strings(text: &str, encrypt: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let (bytes, mut written, mut at) = (text.as_bytes(), String::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        let string = match byte {
            b'(' => literal(&bytes[at..]),
            b'<' if bytes.get(at + 1) != Some(&b'<') => hexadecimal(&bytes[at..]),
            _ => {
                let character = text[at..].chars().next().map_or(1, char::len_utf8);
                let length = if bytes[at..].starts_with(b"<<") { 2 } else { character };
                written.push_str(&text[at..at + length]);
                at += length;
                continue;
            }
        };
        let (string, length) = string;
        written.push_str(&format!("<{}>", hex(&encrypt(&string))));
        at += length;
    }
    written
}

/// A string in brackets: what it says, and its length as written. Only brackets and backslashes are
/// escaped in these tests; one that a mutant left open ends with the text.
fn literal(bytes: &[u8]) -> (Vec<u8>, usize) {
    let (mut string, mut depth, mut at) = (Vec::new(), 0, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => {
                at += 1;
                string.extend(bytes.get(at));
            }
            b'(' => {
                depth += 1;
                if depth > 1 {
                    string.push(b'(');
                }
            }
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return (string, at + 1);
                }
                string.push(b')');
            }
            byte => string.push(byte),
        }
        at += 1;
    }
    (string, bytes.len())
}

fn hexadecimal(bytes: &[u8]) -> (Vec<u8>, usize) {
    let end = bytes.iter().position(|byte| *byte == b'>').unwrap_or(bytes.len());
    let digits: Vec<u8> = bytes[1..end]
        .iter()
        .filter_map(|byte| char::from(*byte).to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    (
        digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)).collect(),
        (end + 1).min(bytes.len()),
    )
}

fn padded(password: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    let filled = [password.as_bytes(), &PADDING].concat();
    bytes.copy_from_slice(&filled[..32]);
    bytes
}

/// A key from a password: MD5 once, or 51 times.
fn strengthened(material: &[u8], length: usize, short: bool) -> Vec<u8> {
    let mut key = md5(material)[..length].to_vec();
    if !short {
        for _ in 0..50 {
            key = md5(&key)[..length].to_vec();
        }
    }
    key
}

/// RC4 nineteen times more, each with the key changed a little.
fn again(key: &[u8], mut bytes: Vec<u8>) -> Vec<u8> {
    for round in 1..=19 {
        let key: Vec<u8> = key.iter().map(|byte| byte ^ round).collect();
        bytes = rc4(&key, &bytes);
    }
    bytes
}

/// ISO 32000-2, algorithm 2.B.
fn hash_of_revision_6(password: &[u8], salt: &[u8], user: &[u8]) -> Vec<u8> {
    let mut key = Sha256::digest([password, salt, user].concat()).to_vec();
    let mut round = 0;
    let mut last = 0;
    while round < 64 || usize::from(last) > round - 32 {
        let block = [password, &key, user].concat().repeat(64);
        let mixed = cbc(&key[..16], key[16..32].try_into().expect("16 bytes"), &block);
        let sum: u32 = mixed[..16].iter().map(|byte| u32::from(*byte)).sum();
        key = match sum % 3 {
            0 => Sha256::digest(&mixed).to_vec(),
            1 => Sha384::digest(&mixed).to_vec(),
            _ => Sha512::digest(&mixed).to_vec(),
        };
        last = *mixed.last().expect("never empty");
        round += 1;
    }
    key[..32].to_vec()
}
