//! Prices in cycles, as published for a 13-node application subnet and scaled linearly to the subnet's size.

/// Nodes of the subnet the published prices are for.
const REFERENCE: u128 = 13;
/// Nodes of the subnet that signs with `key_1`.
const FIDUCIARY: u128 = 34;
/// Price of one signature on a 13-node subnet.
const SIGNATURE: u128 = 10_000_000_000;

const UPDATE_BASE: u128 = 5_000_000;
const INGRESS_BASE: u128 = 1_200_000;
const INGRESS_BYTE: u128 = 2_000;
const CALL_BASE: u128 = 260_000;
const CALL_BYTE: u128 = 1_000;
const CREATE_CANISTER: u128 = 500_000_000_000;
/// Bytes of the largest response, which a caller pays for in advance.
const MAX_RESPONSE: u128 = 2 * 1024 * 1024;
/// Instructions of the costliest response callback, which a caller pays for in advance.
const MAX_CALLBACK: u128 = 40_000_000_000;
/// Bytes an HTTPS outcall is charged for when it does not limit its response.
pub const HTTP_RESPONSE_DEFAULT: u64 = 2_000_000;

/// Prices on a subnet of `nodes` replicas.
#[derive(Clone, Copy, Debug)]
pub struct Prices {
    nodes: u128,
}

/// A signature request without a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceError {
    /// The curve or algorithm does not exist (1 in the system API).
    Algorithm,
    /// No key has this name (2 in the system API).
    KeyName,
}

impl Prices {
    /// Prices on a subnet of this size.
    pub fn new(nodes: u32) -> Self {
        Self { nodes: u128::from(nodes) }
    }

    fn scale(self, price: u128) -> u128 {
        price * self.nodes / REFERENCE
    }

    /// Executing an update-like message of this many instructions: a base fee and one cycle per instruction.
    pub fn execution(self, instructions: u64) -> u128 {
        self.scale(UPDATE_BASE + u128::from(instructions))
    }

    /// Receiving an ingress message of this many bytes (method name and argument).
    pub fn ingress(self, bytes: usize) -> u128 {
        self.scale(INGRESS_BASE + INGRESS_BYTE * bytes as u128)
    }

    /// Sending a request of this many bytes (method name and argument).
    pub fn request(self, bytes: usize) -> u128 {
        self.scale(CALL_BASE + CALL_BYTE * bytes as u128)
    }

    /// Transmitting a response of this many bytes.
    pub fn response(self, bytes: usize) -> u128 {
        self.scale(CALL_BYTE * bytes as u128)
    }

    /// The reserve for the largest response and the costliest callback; the unused part is refunded.
    pub fn response_reserve(self) -> u128 {
        self.scale(CALL_BYTE * MAX_RESPONSE + UPDATE_BASE + MAX_CALLBACK)
    }

    /// `ic0.cost_call`: what a canister needs to make a call of this size.
    pub fn call(self, method_bytes: u64, payload_bytes: u64) -> u128 {
        let bytes = u128::from(method_bytes) + u128::from(payload_bytes);
        self.scale(CALL_BASE + CALL_BYTE * bytes) + self.response_reserve()
    }

    /// Creating a canister.
    pub fn create_canister(self) -> u128 {
        self.scale(CREATE_CANISTER)
    }

    /// An HTTPS outcall at pricing version 1: charged by the response's limit, not by its size.
    pub fn http_request(self, request_bytes: u64, max_response_bytes: u64) -> u128 {
        let per_node = 3_000_000 + 60_000 * self.nodes + 400 * u128::from(request_bytes) + 800 * u128::from(max_response_bytes);
        per_node * self.nodes
    }

    /// A threshold signature, paid to the subnet that holds the key. `kinds` is the number of curves or algorithms there are.
    ///
    /// # Errors
    /// Unknown algorithm or key name.
    pub fn signature(self, key_name: &str, algorithm: u32, kinds: u32) -> Result<u128, PriceError> {
        if algorithm >= kinds {
            return Err(PriceError::Algorithm);
        }
        match key_name {
            "key_1" => Ok(SIGNATURE * FIDUCIARY / REFERENCE),
            "test_key_1" => Ok(SIGNATURE),
            "dfx_test_key" => Ok(self.scale(SIGNATURE)),
            _ => Err(PriceError::KeyName),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn should_charge_the_published_prices() {
        let prices = Prices::new(13);
        assert_eq!(prices.signature("key_1", 0, 1), Ok(26_153_846_153));
        assert_eq!(prices.signature("test_key_1", 1, 2), Ok(10_000_000_000));
        assert_eq!(prices.signature("key_2", 0, 1), Err(PriceError::KeyName));
        assert_eq!(prices.signature("key_1", 1, 1), Err(PriceError::Algorithm));
        assert_eq!(prices.http_request(0, 0), 49_140_000);
        assert_eq!(prices.http_request(1, 1) - prices.http_request(0, 0), 5_200 + 10_400);
        assert_eq!(Prices::new(34).http_request(0, 0), 171_360_000);
        assert_eq!(prices.execution(1_000_000_000), 1_005_000_000);
        assert_eq!(prices.ingress(100), 1_400_000);
        assert_eq!(prices.request(10), 270_000);
    }
}
