//! A search for requests that cost more than those that are known: recipes are changed at random, and the most expensive ones
//! are changed further. `PATCH_HIVE_TEST_SECONDS` says for how long, and `PATCH_HIVE_TEST_SEED` repeats a search.

use std::time::Instant;

use super::{
    cost::{Cost, with_executor},
    recipe::Recipe,
};
use crate::harness::rng::{Seed, lasting};

/// Bytes of a request's body, as `MAX_BODY_BYTES` has it.
const MAX_BODY_BYTES: usize = 65_536;

/// The recipes that are changed further.
const BEST: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn no_request_that_a_search_finds_costs_much_before_it_is_refused() {
    let seed = Seed::of("search");
    for introspection in [false, true] {
        with_executor(introspection, |executor| {
            let mut rng = seed.rng(u64::from(introspection));
            let mut best: Vec<(Cost, Recipe)> = Vec::new();
            let (start, mut tried) = (Instant::now(), 0_u32);
            while start.elapsed() < lasting(6) / 2 {
                let recipe = if best.len() < BEST || rng.rolls(20) {
                    Recipe::random(&mut rng)
                } else {
                    best[rng.place(best.len())].1.changed(&mut rng)
                };
                let body = recipe.body();
                if body.len() > MAX_BODY_BYTES {
                    continue;
                }
                tried += 1;
                let mut cost = Cost::of(executor, &body);
                if cost.was_refused() {
                    if !cost.is_small() {
                        cost = Cost::least(executor, &body);
                    }
                    assert!(cost.is_small(), "{}\n{recipe:?}\n{body}", cost.line("found"));
                    best.push((cost, recipe));
                    best.sort_by_key(|(cost, _)| std::cmp::Reverse(cost.time));
                    best.truncate(BEST);
                }
            }
            eprintln!("{tried} requests, introspection {introspection}");
            for (cost, recipe) in &best {
                let again = Cost::least(executor, &recipe.body());
                eprintln!(
                    "{}",
                    again.line(&format!("{:.3} ms at first, {recipe:?}", cost.time.as_secs_f64() * 1000.0))
                );
            }
        })
        .await;
    }
}
