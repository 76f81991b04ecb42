//! RC4, MD5 and AES, written out, as files that only tests make should not choose what a release holds.

/// As PDF has always used it.
pub(super) fn rc4(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut state: Vec<u8> = (0..=255).collect();
    let mut other = 0u8;
    for at in 0..256 {
        other = other.wrapping_add(state[at]).wrapping_add(key[at % key.len()]);
        state.swap(at, other.into());
    }
    let (mut one, mut other) = (0u8, 0u8);
    let step = |byte: &u8| {
        one = one.wrapping_add(1);
        other = other.wrapping_add(state[usize::from(one)]);
        state.swap(one.into(), other.into());
        let at = state[usize::from(one)].wrapping_add(state[usize::from(other)]);
        byte ^ state[usize::from(at)]
    };
    bytes.iter().map(step).collect()
}

/// RFC 1321.
pub(super) fn md5(bytes: &[u8]) -> [u8; 16] {
    const SHIFTS: [[u32; 4]; 4] =
        [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut message = bytes.to_vec();
    message.push(0x80);
    message.resize(message.len().next_multiple_of(64), 0);
    if message.len() < bytes.len() + 9 {
        message.resize(message.len() + 64, 0);
    }
    let end = message.len() - 8;
    message[end..].copy_from_slice(&(8 * bytes.len() as u64).to_le_bytes());
    let mut state = [0x6745_2301u32, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476];
    for block in message.chunks(64) {
        let word = |at: usize| {
            u32::from_le_bytes(block[4 * at..4 * at + 4].try_into().expect("four bytes"))
        };
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64 {
            let (mix, at) = match step / 16 {
                0 => (b & c | !b & d, step),
                1 => (d & b | !d & c, (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), 7 * step % 16),
            };
            let constant = ((step + 1) as f64).sin().abs() * 4_294_967_296.0;
            let sum = a.wrapping_add(mix).wrapping_add(constant as u32).wrapping_add(word(at));
            let turned = sum.rotate_left(SHIFTS[step / 16][step % 4]);
            (a, d, c, b) = (d, c, b, b.wrapping_add(turned));
        }
        let added = [a, b, c, d];
        state = std::array::from_fn(|at| state[at].wrapping_add(added[at]));
    }
    let mut digest = [0; 16];
    for (bytes, word) in digest.chunks_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    digest
}

/// AES in CBC mode without filling: whole blocks only.
pub(super) fn cbc(key: &[u8], vector: &[u8; 16], bytes: &[u8]) -> Vec<u8> {
    let aes = Aes::new(key);
    let mut before = *vector;
    let mut out = Vec::with_capacity(bytes.len());
    for block in bytes.chunks_exact(16) {
        let mut state: [u8; 16] = std::array::from_fn(|at| block[at] ^ before[at]);
        aes.encrypt(&mut state);
        out.extend(state);
        before = state;
    }
    out
}

/// FIPS 197, forwards only.
struct Aes {
    substitution: [u8; 256],
    rounds: Vec<[u8; 16]>,
}

impl Aes {
    fn new(key: &[u8]) -> Self {
        let substitution = substitution();
        let words = key.len() / 4;
        let mut schedule: Vec<[u8; 4]> =
            key.chunks(4).map(|word| word.try_into().expect("four bytes")).collect();
        let mut constant = 1;
        for at in words..4 * (words + 7) {
            let mut word = schedule[at - 1];
            if at % words == 0 {
                word.rotate_left(1);
                word = word.map(|byte| substitution[usize::from(byte)]);
                word[0] ^= constant;
                constant = doubled(constant);
            } else if words > 6 && at % words == 4 {
                word = word.map(|byte| substitution[usize::from(byte)]);
            }
            let before = schedule[at - words];
            schedule.push(std::array::from_fn(|byte| before[byte] ^ word[byte]));
        }
        let round = |words: &[[u8; 4]]| words.concat().try_into().expect("sixteen bytes");
        Self { substitution, rounds: schedule.chunks(4).map(round).collect() }
    }

    fn encrypt(&self, state: &mut [u8; 16]) {
        let add = |state: &mut [u8; 16], round: &[u8; 16]| {
            for (byte, key) in state.iter_mut().zip(round) {
                *byte ^= key;
            }
        };
        add(state, &self.rounds[0]);
        let last = self.rounds.len() - 1;
        for (number, round) in self.rounds.iter().enumerate().skip(1) {
            // Rows are shifted as bytes are substituted.
            let shifted: [u8; 16] = std::array::from_fn(|at| {
                self.substitution[usize::from(state[(at + 4 * (at % 4)) % 16])]
            });
            *state = shifted;
            if number < last {
                for column in state.chunks_mut(4) {
                    let old: [u8; 4] = (&*column).try_into().expect("four bytes");
                    let all = old.iter().fold(0, |sum, byte| sum ^ byte);
                    for at in 0..4 {
                        column[at] ^= all ^ doubled(old[at] ^ old[(at + 1) % 4]);
                    }
                }
            }
            add(state, round);
        }
    }
}

const fn doubled(byte: u8) -> u8 {
    byte << 1 ^ if byte & 0x80 == 0 { 0 } else { 0x1B }
}

fn substitution() -> [u8; 256] {
    let mut table = [0; 256];
    let (mut one, mut inverse) = (1u8, 1u8);
    loop {
        // 3 generates the field; its inverse is 0xF6.
        one ^= doubled(one);
        inverse ^= inverse << 1;
        inverse ^= inverse << 2;
        inverse ^= inverse << 4;
        if inverse & 0x80 != 0 {
            inverse ^= 0x09;
        }
        let turned = (1..5).fold(inverse, |sum, by| sum ^ inverse.rotate_left(by));
        table[usize::from(one)] = turned ^ 0x63;
        if one == 1 {
            break;
        }
    }
    table[0] = 0x63;
    table
}
