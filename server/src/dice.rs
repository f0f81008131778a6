//! Chance: the one place where it is drawn for names and secrets.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// Where chance comes from.
#[derive(Clone, Debug)]
pub enum Dice {
    /// The operating system, through the cryptographic provider.
    Os,
}

impl Dice {
    /// 32 bytes: a secret.
    pub fn draw(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.fill(&mut bytes);
        bytes
    }

    /// A fresh name of 128 bits, base64url: ids of rows, `sid`, `jti`, `kid`. None begins with a dash: they are typed behind
    /// commands, which would take it for an option.
    pub fn name(&self) -> String {
        loop {
            let mut bytes = [0; 16];
            self.fill(&mut bytes);
            let name = jose::base64url(bytes);
            if !name.starts_with('-') {
                return name;
            }
        }
    }

    /// A short id to quote, for error pages and logs.
    pub fn short(&self) -> String {
        let mut bytes = [0; 8];
        self.fill(&mut bytes[3..]);
        format!("{:010x}", u64::from_be_bytes(bytes))
    }

    /// A number, for jitter.
    pub fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill(&self, bytes: &mut [u8]) {
        let Self::Os = self;
        SystemRandom::new().fill(bytes).expect("the operating system gives randomness");
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn no_name_looks_like_an_option() {
        // One in 64 would: a thousand draws miss it once in ten million runs.
        assert!((0..1000).all(|_| !Dice::Os.name().starts_with('-')));
    }
}
