//! One answer as a whole, for probes that judge several headers and the body together.

use super::address;
use super::ask::Ask;
use super::exchange::Exchange;
use super::{MOST_HEADERS, facts, hindrance, kept, not_answered, too_large, transient};
use crate::model::{Excerpt, Facts};
use crate::probe::{Context, Sighting, Transient, Wanted};
use url::Url;

/// What is asked.
pub(in crate::probe) struct Question<'a> {
    pub(in crate::probe) method: &'a str,
    pub(in crate::probe) address: Url,
    /// Headers; credentials go to the target's own origin only.
    pub(in crate::probe) headers: Vec<(String, String)>,
    /// An Origin: a word of the http probe, or one that is written out.
    pub(in crate::probe) origin: Option<&'a str>,
    /// How many redirects are followed.
    pub(in crate::probe) follow: usize,
}

/// What was answered.
pub(in crate::probe) struct Whole {
    pub(in crate::probe) address: Url,
    pub(in crate::probe) status: u16,
    /// Every line: names in lower case, repeated ones included.
    pub(in crate::probe) headers: Vec<(String, String)>,
    pub(in crate::probe) body: String,
    /// The body was longer than is read, or could not be decoded.
    pub(in crate::probe) cut: bool,
    /// Where the answer leads, where it was not followed.
    pub(in crate::probe) leads_to: Option<Url>,
    pub(in crate::probe) transient: Option<Transient>,
    pub(in crate::probe) excerpts: Vec<Excerpt>,
}

/// Asks, with all that the http probe does: the target's headers, the limits, the masking.
///
/// # Errors
/// What kept the answer from coming, in the box because it is large.
pub(in crate::probe) async fn ask(
    question: Question<'_>,
    context: &Context,
) -> Result<Whole, Box<Sighting>> {
    let Some(target) = context.target.as_deref() else {
        return Err(Box::new(super::absent("no target is given")));
    };
    let ask = Ask {
        path: question.address.to_string(),
        method: question.method.to_owned(),
        headers: question.headers,
        origin: question.origin.map(str::to_owned),
        follow: question.follow,
        ..Ask::of(&Facts::new())
    };
    let exchange = Exchange {
        ask: &ask,
        target,
        context,
    };
    let answer = match exchange.answer(question.address).await {
        Ok(answer) => answer,
        Err(failure) => return Err(Box::new(not_answered(failure))),
    };
    let transient = transient(&answer, context.now);
    let large = answer.headers.size() > MOST_HEADERS;
    if let Some(hindrance) = large
        .then(|| too_large(&answer))
        .or_else(|| hindrance(&answer))
    {
        return Err(Box::new(Sighting {
            transient,
            ..Sighting::hindered(hindrance)
        }));
    }
    let body = facts::body_text(&answer).map(std::borrow::Cow::into_owned);
    let lines = answer.headers.lines().iter();
    Ok(Whole {
        status: answer.status.as_u16(),
        headers: lines
            .map(|line| (line.name.clone(), line.value.clone()))
            .collect(),
        cut: body.is_none() || answer.body.truncated,
        body: body.unwrap_or_default(),
        leads_to: answer.redirects.last().map(|redirect| redirect.to.clone()),
        transient,
        excerpts: vec![
            Excerpt {
                name: "request".into(),
                text: answer.request.clone(),
            },
            Excerpt {
                name: "response".into(),
                text: kept::response(
                    &answer.protocol,
                    answer.status,
                    &answer.headers,
                    &Wanted::default(),
                ),
            },
        ],
        address: answer.address,
    })
}

/// An address as it may be recorded.
pub(in crate::probe) fn masked(address: &Url) -> String {
    address::masked(address)
}
