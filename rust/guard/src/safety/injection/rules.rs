//! Which words near one another are a signal, and how strong. 100 is enough for a finding; less needs company within `NEAR` bytes.

/// How strong a signal is: at ingress, in a tool's result, at egress. A user may talk to the assistant; a tool's result has no business to.
pub(crate) type Weight = [u16; 3];

/// A sequence of classes; a number is how many other words may stand between two of them.
pub(crate) struct Rule {
    pub(crate) why: &'static str,
    pub(crate) weight: Weight,
    /// `drop 3 prior 3 order`; `a|b` is either class.
    pub(crate) words: &'static str,
}

const fn rule(why: &'static str, weight: Weight, words: &'static str) -> Rule {
    Rule { why, weight, words }
}

pub(crate) const ENOUGH: u16 = 100;
/// Signals within so many bytes add up.
pub(crate) const NEAR: usize = 1_000;

const OVERRIDE: &str = "instructions are overridden";
const PERSONA: &str = "a persona without limits";
const PROMPT: &str = "the prompt is asked for";
const SECRECY: &str = "the user is not to know";
const AIMED: &str = "an assistant is addressed";
const TASK: &str = "a new task is set";
const CLOSED: &str = "the prompt is closed";
const TOOL: &str = "a tool is to be called";
const CARRY: &str = "data is to be carried away";
const MODE: &str = "another mode is switched on";

pub(crate) const RULES: &[Rule] = &[
    rule(OVERRIDE, [100, 100, 100], "drop 3 prior 3 order"),
    rule(OVERRIDE, [100, 100, 100], "drop 3 order 2 prior"),
    rule(OVERRIDE, [100, 100, 100], "prior 3 order 3 drop"),
    rule(OVERRIDE, [100, 100, 100], "drop 2 order"),
    rule(OVERRIDE, [100, 100, 100], "drop 1 above"),
    rule(OVERRIDE, [100, 100, 100], "drop 2 sys 1 order"),
    rule(OVERRIDE, [100, 100, 100], "drop 3 you 2 ai"),
    rule(OVERRIDE, [100, 100, 100], "secretly 1 heed 3 order"),
    rule(OVERRIDE, [80, 100, 80], "drop 4 told 1 you"),
    rule(OVERRIDE, [80, 100, 80], "drop 4 you 3 told"),
    rule(OVERRIDE, [100, 100, 100], "drop 3 boss 2 told"),
    rule(OVERRIDE, [100, 80, 100], "prior 1 order 3 secretly|without 1 matter"),
    rule(OVERRIDE, [40, 40, 40], "order 1 prior"),
    rule(OVERRIDE, [40, 40, 40], "prior 1 order"),
    rule(OVERRIDE, [100, 100, 100], "drop 1 prior 1 above"),
    rule(OVERRIDE, [50, 90, 50], "prior 1 order 5 void"),
    rule(TASK, [60, 100, 60], "you 2 new 1 task"),
    rule(TASK, [60, 100, 60], "new 1 order"),
    rule(PERSONA, [100, 100, 100], "you|beweak|be 8 free"),
    rule(PERSONA, [60, 80, 60], "you 1 now 3 evil"),
    rule(PERSONA, [100, 100, 100], "ai 4 without 3 limit|order"),
    rule(PERSONA, [100, 100, 100], "name 2 without 2 limit"),
    rule(PERSONA, [100, 100, 100], "you 1 name 1 now"),
    rule(PERSONA, [60, 80, 60], "you 2 name"),
    rule(PERSONA, [60, 80, 60], "secretly 1 refuse"),
    rule(MODE, [100, 100, 100], "free 0 mode"),
    rule(PERSONA, [100, 100, 100], "be 6 without 2 limit"),
    rule(PERSONA, [70, 100, 70], "be 4 evil"),
    rule(PERSONA, [80, 100, 80], "you 6 without 1 limit"),
    rule(PERSONA, [100, 100, 100], "you 1 without 0 longer 3 bound"),
    rule(MODE, [70, 100, 70], "enable 3 modename 0 mode"),
    rule(MODE, [100, 100, 100], "you 4 modename 0 mode"),
    rule(MODE, [100, 100, 100], "sys 0 override"),
    rule(MODE, [80, 100, 80], "override 1 engaged"),
    rule(PROMPT, [100, 100, 100], "show 4 hidden 1 promptword"),
    rule(PROMPT, [100, 100, 100], "showweak 4 hidden 0 promptonly"),
    rule(PROMPT, [100, 100, 100], "show|showweak 5 you 1 hidden 1 promptword"),
    rule(PROMPT, [100, 100, 100], "promptword 1 you 2 init"),
    rule(PROMPT, [100, 100, 100], "show 3 you 1 promptword"),
    rule(PROMPT, [100, 100, 100], "show 2 words 1 above"),
    rule(PROMPT, [60, 100, 60], "showweak 2 you 1 promptonly"),
    rule(SECRECY, [60, 100, 60], "secretly 1 telling 4 userword"),
    rule(SECRECY, [60, 100, 60], "secretly 2 userword 1 hear"),
    rule(SECRECY, [60, 100, 60], "keep 2 secretword 1 from 1 userword"),
    rule(AIMED, [0, 100, 0], "hail 3 ai"),
    rule(AIMED, [0, 100, 0], "ai 3 aimust"),
    rule(AIMED, [30, 100, 30], "if 1 you 3 ai"),
    rule(AIMED, [0, 60, 0], "if 1 ai"),
    rule(TOOL, [0, 100, 0], "call 4 tool"),
    rule(TOOL, [0, 60, 0], "callweak 3 tool 4 pronto"),
    rule(CARRY, [60, 100, 60], "send 5 loot 6 sink"),
    rule(CARRY, [0, 60, 0], "send 4 loot"),
    rule(CARRY, [0, 60, 0], "loot 6 sink"),
    rule("what is encoded is to be done", [100, 100, 100], "decode 8 follow"),
];

/// Spellings that are signals by themselves, wherever they stand.
pub(crate) const MARKS: &[(&str, Weight, &str)] = &[
    ("<|im_start|>", [100; 3], TEMPLATE),
    ("<|im_end|>", [100; 3], TEMPLATE),
    ("<|system|>", [100; 3], TEMPLATE),
    ("<|user|>", [100; 3], TEMPLATE),
    ("<|assistant|>", [100; 3], TEMPLATE),
    ("<|endoftext|>", [100; 3], TEMPLATE),
    ("<|eot_id|>", [100; 3], TEMPLATE),
    ("<|start_header_id|>", [100; 3], TEMPLATE),
    ("<|begin_of_text|>", [100; 3], TEMPLATE),
    ("<|start|>", [100; 3], TEMPLATE),
    ("<|channel|>", [100; 3], TEMPLATE),
    ("<start_of_turn>", [100; 3], TEMPLATE),
    ("<end_of_turn>", [100; 3], TEMPLATE),
    ("[inst]", [100; 3], TEMPLATE),
    ("[/inst]", [100; 3], TEMPLATE),
    ("<<sys>>", [100; 3], TEMPLATE),
    ("<</sys>>", [100; 3], TEMPLATE),
    ("<system>", [100; 3], TEMPLATE),
    ("</system>", [100; 3], TEMPLATE),
    ("[system]", [70, 100, 70], TEMPLATE),
    ("<system_prompt>", [100; 3], TEMPLATE),
    ("</user_input>", [100; 3], TEMPLATE),
    ("### instruction", [80, 100, 80], TEMPLATE),
    ("### system", [80, 100, 80], TEMPLATE),
    ("<tool_call>", [100; 3], CALL),
    ("</tool_call>", [100; 3], CALL),
    ("<function_call", [100; 3], CALL),
    ("<invoke name=", [100; 3], CALL),
    ("<tool_use>", [100; 3], CALL),
    ("<tool_result", [100; 3], CALL),
    ("\"tool_calls\"", [100; 3], CALL),
    ("\"function_call\"", [100; 3], CALL),
    ("```tool_code", [100; 3], CALL),
    ("\"role\":\"system\"", [100; 3], TEMPLATE),
    ("\"role\": \"system\"", [100; 3], TEMPLATE),
    ("<important>", [30, 80, 30], AIMED),
    ("<information>", [30, 80, 30], AIMED),
    ("do the following first", [30, 60, 30], AIMED),
    ("!!!important", [0, 60, 0], AIMED),
    ("do anything now", [100; 3], PERSONA),
    ("no longer bound", [100; 3], PERSONA),
    ("not bound by", [80, 100, 80], PERSONA),
    ("deceased grandmother", [100; 3], PERSONA),
    ("sure, here is", [60, 60, 0], PERSONA),
    ("admin access granted", [100; 3], MODE),
    ("new instructions:", [100; 3], TASK),
    ("rules you were given", [70, 100, 70], OVERRIDE),
    ("you've been told", [60, 80, 60], OVERRIDE),
    ("you have been told", [60, 80, 60], OVERRIDE),
    ("you were told", [60, 80, 60], OVERRIDE),
    ("pay no attention to", [60, 80, 60], OVERRIDE),
    ("tiens pas compte", [60, 80, 60], OVERRIDE),
    ("tenez pas compte", [60, 80, 60], OVERRIDE),
    ("no hagas caso", [60, 80, 60], OVERRIDE),
    ("non tenere conto", [60, 80, 60], OVERRIDE),
    ("system message", [40, 60, 40], PROMPT),
    ("###system", [80, 100, 80], TEMPLATE),
    ("</prompt>", [100; 3], TEMPLATE),
    ("</instructions>", [100; 3], TEMPLATE),
    ("</context>", [80, 100, 80], TEMPLATE),
    ("</document>", [40, 80, 40], TEMPLATE),
    ("to the language model", [40, 100, 40], AIMED),
    ("when summarizing", [0, 60, 0], AIMED),
    ("when summarising", [0, 60, 0], AIMED),
    ("always recommend", [0, 60, 0], AIMED),
    ("from now on you", [60, 100, 60], TASK),
    ("from now on, you", [60, 100, 60], TASK),
    ("von jetzt an", [50, 80, 50], TASK),
    ("your new task", [60, 100, 60], TASK),
    ("your new role", [60, 100, 60], TASK),
    ("your real task", [60, 100, 60], TASK),
    ("your only task", [60, 100, 60], TASK),
    ("before you can solve", [30, 80, 30], AIMED),
    ("before you continue", [0, 40, 0], AIMED),
    ("before you answer", [0, 40, 0], AIMED),
    ("end of system prompt", [80, 100, 80], CLOSED),
    ("end of prompt", [70, 100, 70], CLOSED),
    ("end of instructions", [60, 80, 60], CLOSED),
    ("end of user input", [80, 100, 80], CLOSED),
    ("end of document", [0, 50, 0], CLOSED),
    ("end of context", [60, 80, 60], CLOSED),
    ("begin system prompt", [80, 100, 80], CLOSED),
    ("without their knowledge", [0, 60, 0], SECRECY),
];

/// Who speaks, at the beginning of a line.
pub(crate) const ROLES: &[(&str, Weight)] = &[
    ("system:", [60, 100, 60]),
    ("llm:", [60, 100, 60]),
    ("ai:", [40, 100, 40]),
    ("developer:", [40, 80, 40]),
    ("assistant:", [40, 80, 40]),
    ("system message:", [70, 100, 70]),
    ("system prompt:", [70, 100, 70]),
];

const TEMPLATE: &str = "a role is forged";
const CALL: &str = "a call is forged";
pub(crate) const ROLE: &str = TEMPLATE;
