//! Waiting for a server: often at first, seldom later.

use std::time::Duration;

/// First pause between two questions.
const FIRST: Duration = Duration::from_millis(5);
/// Longest pause between two questions.
const LONGEST: Duration = Duration::from_millis(250);

/// Asks until the answer is there. The caller's deadline ends it.
pub(super) async fn until<T, E, Asked>(mut ask: impl FnMut() -> Asked) -> Result<T, E>
where
    Asked: Future<Output = Result<Option<T>, E>>,
{
    let mut pause = FIRST;
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible};

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_there_soon_is_noticed_soon_and_later_questions_are_few() {
        for (there_after, late, questions) in [(20, 20, 6), (60_000, 250, 270)] {
            let began = Instant::now();
            let asked = Cell::new(0);
            let ask = || {
                asked.set(asked.get() + 1);
                let there = began.elapsed() >= Duration::from_millis(there_after);
                async move { Ok::<_, Infallible>(there.then_some(())) }
            };
            until(ask).await.expect("it cannot fail");
            let overshoot = began
                .elapsed()
                .saturating_sub(Duration::from_millis(there_after));
            assert!(
                overshoot <= Duration::from_millis(late),
                "{overshoot:?} late"
            );
            assert!(asked.get() <= questions, "{} questions", asked.get());
        }
    }
}
