//! Forums: who has the floor, when it ends, and what the answer is.

use crate::plan::Forum;
use crate::run::evolve_forum::said_of;
use crate::run::here::Here;
use crate::run::state::ForumState;
use crate::run::{Decision, one};
use crate::{
    CheckQuery, Considered, Contributed, Contribution, Event, Floor, FloorPassed, ForumEnd, NodeId, Ref, Refusal, ReviewWhy, RuleOutcome,
    Said,
};

/// Who opens, where nothing must be looked at for that: the lead, or the first in turn.
pub(super) fn opener(forum: &Forum) -> Option<NodeId> {
    forum.lead.or_else(|| if forum.rules.is_empty() { forum.members.first().copied() } else { None })
}

/// Rules choose who opens.
pub(super) fn open(here: Here<'_>, node: NodeId, forum: &Forum, message: Ref) -> Decision {
    let mut passed = passing(here, node);
    let heard = Heard { forum: node, content: message, confidence: None, speaker: None, turns: 0 };
    let next = choose(here, forum, &heard, None, message, &mut passed.considered)?;
    passed.next = next.unwrap_or(Floor::Open(ReviewWhy::NoRoute));
    one(Event::FloorPassed(passed))
}

/// A member has answered.
pub(super) fn heard(here: Here<'_>, node: NodeId, forum: &Forum, member: NodeId, said: &Said) -> Decision {
    let state = here.strand.forum(node).ok_or(Refusal::NotAwaited)?;
    let mut passed = passing(here, node);
    if forum.summariser == Some(member) {
        let (next, message) = state.pending.ok_or(Refusal::NotAwaited)?;
        passed.summary = Some(said.message);
        passed.next = Floor::Member { node: next, message };
        return one(Event::FloorPassed(passed));
    }
    let number = u16::try_from(state.said.len()).unwrap_or(u16::MAX);
    let is_member = forum.members.contains(&member);
    let repeats = is_member && repeats(here, state, member, said.message)?;
    passed.said.push(Contribution { member, what: Contributed::Said(said.clone()), repeats });
    if !is_member {
        let why = if forum.supervisor == Some(member) { ForumEnd::Supervised } else { ForumEnd::Finished };
        passed.next = Floor::Answer { number, why };
        return one(Event::FloorPassed(passed));
    }
    let turns = u32::from(number) + 1;
    let speaker = here.run.plan.node(member).map(|node| &*node.name);
    let heard = Heard { forum: node, content: said.message, confidence: said.confidence, speaker, turns };
    let ended = ended(here, forum, member, number, &heard, &mut passed)?;
    passed.next = match ended {
        Some(end) => end,
        None => follow(here, forum, state, (member, said), &heard, &mut passed)?,
    };
    one(Event::FloorPassed(passed))
}

/// Whether this contribution ends the forum with an answer.
fn ended(
    here: Here<'_>,
    forum: &Forum,
    member: NodeId,
    number: u16,
    heard: &Heard<'_>,
    passed: &mut FloorPassed,
) -> Result<Option<Floor>, Refusal> {
    let mut holds = |expression: u16| -> Result<bool, Refusal> {
        match here.book.rules.holds(expression, &heard.query(here)?) {
            Ok(holds) => Ok(holds),
            Err(why) => {
                passed.erred = Some(why); // no answer is no end, and it is never silent
                Ok(false)
            }
        }
    };
    if let Some(accept) = forum.accept
        && forum.members.last() == Some(&member)
        && number > 0
        && holds(accept)?
    {
        return Ok(Some(Floor::Answer { number: number - 1, why: ForumEnd::Accepted }));
    }
    match forum.until {
        Some(until) if holds(until)? => Ok(Some(Floor::Answer { number, why: ForumEnd::Until })),
        Some(_) | None => Ok(None),
    }
}

/// The limits, a stalemate, or the next speaker.
fn follow(
    here: Here<'_>,
    forum: &Forum,
    state: &ForumState,
    (member, said): (NodeId, &Said),
    heard: &Heard<'_>,
    passed: &mut FloorPassed,
) -> Result<Floor, Refusal> {
    let repeats = passed.said.iter().fold(state.repeats, |so_far, one| if one.repeats { so_far.saturating_add(1) } else { 0 });
    let speakers = state.spoke.iter().filter(|node| forum.members.contains(node)).count();
    passed.stalled = usize::from(repeats) >= speakers.max(1);
    if passed.stalled || heard.turns >= u32::from(forum.max_turns) || forum.max_tokens.is_some_and(|most| state.tokens >= most) {
        let why = if passed.stalled { ReviewWhy::Stalemate } else { ReviewWhy::ForumLimit };
        return Ok(at_limit(forum, state, &passed.said, why));
    }
    if let Some(lead) = forum.lead {
        return Ok(Floor::Member { node: lead, message: said.message });
    }
    let next = choose(here, forum, heard, Some(member), said.message, &mut passed.considered)?;
    Ok(match next.unwrap_or(Floor::Open(ReviewWhy::NoRoute)) {
        Floor::Member { node, message } => with_summary(forum, state, node, message, heard.turns),
        other @ (Floor::Summary { .. } | Floor::Delegates(_) | Floor::Answer { .. } | Floor::Open(_)) => other,
    })
}

/// Who joins late, when more was said than the window holds, hears a summary first.
pub(super) fn with_summary(forum: &Forum, state: &ForumState, node: NodeId, message: Ref, turns: u32) -> Floor {
    let is_late = !state.spoke.contains(&node) && turns > u32::from(forum.window);
    if is_late && forum.summariser.is_some() { Floor::Summary { next: node, message } } else { Floor::Member { node, message } }
}

/// What is left to do when nobody may go on: the surest contribution, the supervisor, or a person.
pub(super) fn at_limit(forum: &Forum, state: &ForumState, added: &[Contribution], why: ReviewWhy) -> Floor {
    if let Some(node) = forum.supervisor {
        return Floor::Member { node, message: state.message };
    }
    if forum.surest {
        // A checker's verdict on a draft is no answer to the task, however sure it is.
        let checker = forum.accept.and(forum.members.last().copied());
        let sure = |(number, one): (u16, &Contribution)| {
            said_of(&one.what).filter(|_| checker != Some(one.member)).and_then(|said| Some((said.confidence?, number)))
        };
        let all = (0_u16..).zip(state.said.iter().chain(added)).filter_map(sure);
        // Of two that are equally sure, the earlier one.
        if let Some((_, number)) = all.max_by_key(|(confidence, number)| (*confidence, std::cmp::Reverse(*number))) {
            return Floor::Answer { number, why: ForumEnd::Surest };
        }
    }
    Floor::Open(why)
}

/// The first rule that holds, else the next in turn. A hierarchy's rules that all fail delegate no further.
pub(super) fn choose(
    here: Here<'_>,
    forum: &Forum,
    heard: &Heard<'_>,
    after: Option<NodeId>,
    message: Ref,
    considered: &mut Vec<Considered>,
) -> Result<Option<Floor>, Refusal> {
    for (number, (expression, to)) in (0_u32..).zip(&forum.rules) {
        let answer = here.book.rules.holds(*expression, &heard.query(here)?);
        let matched = answer == Ok(true);
        let outcome = match answer {
            Ok(true) => RuleOutcome::Matched,
            Ok(false) => RuleOutcome::NotMatched,
            Err(why) => RuleOutcome::Erred(why),
        };
        considered.push(Considered { rule: number, outcome });
        if matched && forum.delegates {
            return Ok(Some(Floor::Delegates(to.iter().map(|node| (*node, message)).collect())));
        }
        if let (true, Some(node)) = (matched, to.first()) {
            return Ok(Some(Floor::Member { node: *node, message }));
        }
    }
    if forum.delegates {
        return Ok(None);
    }
    let place = after.and_then(|member| forum.members.iter().position(|other| *other == member)).map_or(0, |place| place + 1);
    Ok(forum.members.get(place % forum.members.len().max(1)).map(|node| Floor::Member { node: *node, message }))
}

/// Whether a member says what it said last, letter case and spaces aside.
fn repeats(here: Here<'_>, state: &ForumState, member: NodeId, message: Ref) -> Result<bool, Refusal> {
    let before = state.said.iter().rev().find(|one| one.member == member).and_then(|one| said_of(&one.what));
    let Some(before) = before else { return Ok(false) };
    let (now, then) = (here.content(message)?, here.content(before.message)?);
    Ok(now.data == then.data && folded(now.text).eq(folded(then.text)))
}

fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.split_whitespace().flat_map(|word| word.chars().chain([' '])).flat_map(char::to_lowercase)
}

/// What the rules of a forum see.
pub(super) struct Heard<'a> {
    pub forum: NodeId,
    pub content: Ref,
    pub confidence: Option<crate::Confidence>,
    pub speaker: Option<&'a str>,
    pub turns: u32,
}

impl<'a> Heard<'a> {
    fn query(&self, here: Here<'a>) -> Result<CheckQuery<'a>, Refusal> {
        Ok(CheckQuery { speaker: self.speaker, turns: self.turns, ..here.query(self.forum, self.content, self.confidence)? })
    }
}

/// A passing of the floor, to be filled in.
pub(super) fn passing(here: Here<'_>, forum: NodeId) -> FloorPassed {
    let next = Floor::Open(ReviewWhy::NoRoute);
    let (strand, said, considered) = (here.strand.id, Vec::new(), Vec::new());
    FloorPassed { strand, forum, said, summary: None, considered, erred: None, stalled: false, next }
}
