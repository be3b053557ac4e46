pub use spec::Spec;
pub mod spec {
    #[derive(Debug, Clone, Default, serde::Deserialize)]
    #[serde(default)]
    pub struct Spec {}
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Ingress,
    ToolResult,
    Egress,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    Flag,
    Block,
}
#[derive(Debug)]
pub struct Finding {
    pub screen: &'static str,
}
#[derive(Debug)]
pub struct Screened {
    pub verdict: Verdict,
    pub findings: Vec<Finding>,
}
#[derive(Debug, Default)]
pub struct Safety;
impl Safety {
    pub fn compile(_: &Spec) -> Result<Self, crate::SpecError> {
        Ok(Self)
    }
    pub fn screen(&self, _: Place, _: &str) -> Screened {
        Screened { verdict: Verdict::Pass, findings: Vec::new() }
    }
}
