//! The ports of the flow, in front of the chain and its providers.

use super::*;

impl Clock for Net {
    fn now(&self) -> Timestamp {
        self.world.time()
    }
}

impl StateStore for Net {
    type Memory = VectorMemory;

    fn read<T>(&self, f: impl FnOnce(&State<VectorMemory>) -> T) -> T {
        f(&self.world.state.borrow())
    }

    fn commit(&self, decided: Decided) {
        self.world.put(decided);
    }
}

impl Signer for Net {
    async fn sign(&self, key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, CallError> {
        self.check_signing(message);
        // A signature may take longer than a blockhash lives, or its answer be lost.
        let (slow, dropped) = {
            let mut choices = self.choices.borrow_mut();
            (choices.one_in(4), choices.one_in(6))
        };
        self.pass(if slow { 200 } else { 5 });
        if dropped { Err(CallError::rejected("Signature request expired")) } else { Ok(sign(key, message)) }
    }

    async fn root_keys(&self, _: &str) -> Result<RootKeys, CallError> {
        panic!("no flow of a transfer asks for the root keys")
    }
}

impl ProviderCanister for Net {
    async fn call(&self, _: Principal, call: &CanisterCall) -> Result<Vec<u8>, CallError> {
        panic!("no canister is configured, but {} is called", call.method)
    }
}

impl HttpOutcall for Net {
    async fn request(&self, outcall: &Outcall) -> Result<Vec<u8>, CallError> {
        let blocks = self.choices.borrow_mut().below(4);
        self.pass(blocks);
        let body = serde_json::from_slice(outcall.body.as_ref().expect("a body")).expect("JSON");
        let (status, body) = self.answer(&outcall.url, &body)?;
        let response = HttpRequestResult { status: status.into(), headers: Vec::new(), body: body.into_bytes() };
        Ok(crate::flows::solana::transform(TransformArgs { response, context: outcall.context.clone() }).body)
    }
}
