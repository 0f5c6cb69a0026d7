//! Where the boxes of a graph go: in layers from left to right, each after what it needs, with few crossings.
//!
//! The usual three steps: longest-path layering; ordering by barycenters, where edges over several layers lead through
//! bends; heights that draw each near its neighbours. Everything is whole numbers, so that it is the same everywhere.

use std::collections::HashMap;

/// Times that the order of the layers is improved.
const SWEEPS: usize = 12;
/// Times that the heights are improved.
const PULLS: usize = 16;

/// How much height a box takes, and a bend.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pitch {
    pub(super) node: i64,
    pub(super) bend: i64,
}

/// A place: its layer, and the height of its middle, from 0 at the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) layer: usize,
    pub(super) y: i64,
}

/// Where everything goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Places of the nodes.
    pub(super) nodes: Vec<Place>,
    /// The bends that each edge leads through.
    pub(super) bends: Vec<Vec<Place>>,
    pub(super) layers: usize,
    /// The height of the highest layer.
    pub(super) height: i64,
}

/// A node, or a bend: a place in the layers that something leads through.
struct Slot {
    layer: usize,
    is_bend: bool,
    before: Vec<usize>,
    after: Vec<usize>,
}

/// Lays out `count` nodes; each edge leads from a smaller to a greater number.
pub(super) fn lay_out(count: usize, edges: &[(usize, usize)], pitch: Pitch) -> Layout {
    let (slots, bends) = slots(&layering(count, edges), edges);
    let layers = order(&slots);
    let heights = heights(&slots, &layers, pitch);
    let place = |slot: usize| Place {
        layer: slots[slot].layer,
        y: heights[slot],
    };
    let bends = bends.into_iter();
    Layout {
        nodes: (0..count).map(place).collect(),
        bends: bends
            .map(|bends| bends.into_iter().map(place).collect())
            .collect(),
        layers: layers.len(),
        height: (0..slots.len())
            .map(|slot| heights[slot] + half(&slots[slot], pitch))
            .max()
            .unwrap_or(0),
    }
}

/// The layer of each node: one after the last of what it needs. What needs nothing stands right before what needs it.
fn layering(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut layers = vec![0; count];
    let mut sorted = edges.to_vec();
    sorted.sort_unstable_by_key(|(from, to)| (*to, *from));
    for (from, to) in &sorted {
        layers[*to] = layers[*to].max(layers[*from] + 1);
    }
    for node in 0..count {
        let is_source = edges.iter().all(|(_, to)| *to != node);
        let dependents = edges.iter().filter(|(from, _)| *from == node);
        if let (true, Some(first)) = (is_source, dependents.map(|(_, to)| layers[*to]).min()) {
            layers[node] = first - 1;
        }
    }
    layers
}

/// Nodes and bends, and the bends of each edge. Edges from the same node share theirs.
fn slots(layers: &[usize], edges: &[(usize, usize)]) -> (Vec<Slot>, Vec<Vec<usize>>) {
    let slot = |layer, is_bend| Slot {
        layer,
        is_bend,
        before: Vec::new(),
        after: Vec::new(),
    };
    let mut slots: Vec<Slot> = layers.iter().map(|layer| slot(*layer, false)).collect();
    let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
    let mut bends = Vec::with_capacity(edges.len());
    for (from, to) in edges {
        let mut at = *from;
        let mut way = Vec::new();
        for layer in layers[*from] + 1..layers[*to] {
            let bend = *shared.entry((*from, layer)).or_insert_with(|| {
                slots.push(slot(layer, true));
                slots.len() - 1
            });
            connect(&mut slots, at, bend);
            way.push(bend);
            at = bend;
        }
        connect(&mut slots, at, *to);
        bends.push(way);
    }
    (slots, bends)
}

fn connect(slots: &mut [Slot], from: usize, to: usize) {
    if !slots[from].after.contains(&to) {
        slots[from].after.push(to);
        slots[to].before.push(from);
    }
}

/// The slots of each layer, from top to bottom: the best order of all that the sweeps came by.
fn order(slots: &[Slot]) -> Vec<Vec<usize>> {
    let count = slots.iter().map(|slot| slot.layer + 1).max().unwrap_or(0);
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (number, slot) in slots.iter().enumerate() {
        layers[slot.layer].push(number);
    }
    let mut best = (crossings(slots, &layers), layers.clone());
    for sweep in 0..SWEEPS {
        let forward = sweep % 2 == 0;
        for step in 1..count {
            let at = if forward { step } else { count - 1 - step };
            let by = if forward { at - 1 } else { at + 1 };
            let (rank, own) = (ranks(slots, &layers[by]), ranks(slots, &layers[at]));
            // Stable, so that what is drawn to the same height keeps its order.
            layers[at].sort_by_key(|number| {
                let slot = &slots[*number];
                let neighbours = if forward { &slot.before } else { &slot.after };
                // Thousandths, so that means differ; without neighbours it stays where it is.
                let places = neighbours.iter().map(|neighbour| rank[*neighbour] * 1000);
                mean(places).unwrap_or(own[*number] * 1000)
            });
        }
        let crossings = crossings(slots, &layers);
        if crossings < best.0 {
            best = (crossings, layers.clone());
        }
    }
    best.1
}

/// The place of each slot within its layer; 0 for those of other layers.
fn ranks(slots: &[Slot], layer: &[usize]) -> Vec<i64> {
    let mut ranks = vec![0; slots.len()];
    for (rank, slot) in (0..).zip(layer) {
        ranks[*slot] = rank;
    }
    ranks
}

/// How many pairs of edges cross.
fn crossings(slots: &[Slot], layers: &[Vec<usize>]) -> usize {
    let between = |pair: &[Vec<usize>]| {
        let rank = ranks(slots, &pair[1]);
        let ends = |slot: &usize| {
            let mut ends: Vec<i64> = slots[*slot].after.iter().map(|to| rank[*to]).collect();
            ends.sort_unstable();
            ends
        };
        // From top to bottom: edges cross where one ends higher than one that begins above it.
        let ends: Vec<i64> = pair[0].iter().flat_map(ends).collect();
        let above =
            |(place, end): (usize, &i64)| ends[..place].iter().filter(|other| *other > end).count();
        ends.iter().enumerate().map(above).sum::<usize>()
    };
    layers.windows(2).map(between).sum()
}

/// The height of each slot's middle: near the mean of its neighbours, in its layer's order.
fn heights(slots: &[Slot], layers: &[Vec<usize>], pitch: Pitch) -> Vec<i64> {
    let mut heights = vec![0; slots.len()];
    for layer in layers {
        place(slots, layer, pitch, &mut heights, |_| 0);
    }
    for pull in 0..PULLS {
        let pull_layer = |heights: &mut Vec<i64>, layer: &[usize]| {
            let now = heights.clone();
            place(slots, layer, pitch, heights, |slot| {
                let Slot { before, after, .. } = &slots[slot];
                // Alternately by one side, so that chains become straight.
                let (near, far) = if pull % 2 == 0 {
                    (before, after)
                } else {
                    (after, before)
                };
                let side = if near.is_empty() { far } else { near };
                mean(side.iter().map(|neighbour| now[*neighbour])).unwrap_or(now[slot])
            });
        };
        if pull % 2 == 0 {
            for layer in layers {
                pull_layer(&mut heights, layer);
            }
        } else {
            for layer in layers.iter().rev() {
                pull_layer(&mut heights, layer);
            }
        }
    }
    let tops = slots.iter().zip(&heights);
    let top = tops
        .map(|(slot, y)| y - half(slot, pitch))
        .min()
        .unwrap_or(0);
    heights.iter().map(|y| y - top).collect()
}

/// Puts a layer's slots as near to the wanted heights as their order and their sizes allow.
fn place(
    slots: &[Slot],
    layer: &[usize],
    pitch: Pitch,
    heights: &mut [i64],
    wanted: impl Fn(usize) -> i64,
) {
    let wanted: Vec<i64> = layer.iter().map(|slot| wanted(*slot)).collect();
    let gap = |a: usize, b: usize| half(&slots[layer[a]], pitch) + half(&slots[layer[b]], pitch);
    let mut pushed_down = wanted.clone();
    for i in 1..layer.len() {
        pushed_down[i] = wanted[i].max(pushed_down[i - 1] + gap(i - 1, i));
    }
    let mut pushed_up = wanted;
    for i in (1..layer.len()).rev() {
        pushed_up[i - 1] = pushed_up[i - 1].min(pushed_up[i] - gap(i - 1, i));
    }
    // Both keep the distances, and so does what lies in the middle of them; rounded down, a pixel at most is lost.
    for (i, slot) in layer.iter().enumerate() {
        heights[*slot] = (pushed_down[i] + pushed_up[i]).div_euclid(2);
    }
}

fn half(slot: &Slot, pitch: Pitch) -> i64 {
    (if slot.is_bend { pitch.bend } else { pitch.node }) / 2
}

fn mean(values: impl Iterator<Item = i64>) -> Option<i64> {
    let (count, sum) = values.fold((0, 0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PITCH: Pitch = Pitch { node: 50, bend: 20 };

    fn laid_out(count: usize, edges: &[(usize, usize)]) -> Layout {
        let layout = lay_out(count, edges, PITCH);
        for (i, a) in layout.nodes.iter().enumerate() {
            for b in &layout.nodes[i + 1..] {
                let apart = a.layer != b.layer || (a.y - b.y).abs() >= PITCH.node - 1;
                assert!(apart, "{a:?} lies on {b:?}");
            }
            assert!(
                a.y >= PITCH.node / 2 && a.y + PITCH.node / 2 <= layout.height,
                "{a:?}"
            );
        }
        for (from, to) in edges {
            assert!(layout.nodes[*from].layer < layout.nodes[*to].layer);
        }
        layout
    }

    fn layers(layout: &Layout) -> Vec<usize> {
        layout.nodes.iter().map(|place| place.layer).collect()
    }

    #[test]
    fn nothing_and_one() {
        assert_eq!(laid_out(0, &[]).height, 0);
        let one = laid_out(1, &[]);
        assert_eq!(one.nodes, [Place { layer: 0, y: 25 }]);
        assert_eq!((one.layers, one.height), (1, 50));
    }

    #[test]
    fn each_stands_after_what_it_needs() {
        let layout = laid_out(5, &[(0, 1), (1, 2), (0, 2), (3, 2), (2, 4)]);
        // 3 needs nothing: it stands right before 2.
        assert_eq!(layers(&layout), [0, 1, 2, 1, 3]);
        // The edge from 0 to 2 leads around 1.
        assert_eq!(layout.bends[2].len(), 1);
        assert_ne!(layout.bends[2][0].y, layout.nodes[1].y);
    }

    #[test]
    fn a_chain_is_straight() {
        let layout = laid_out(4, &[(0, 1), (1, 2), (2, 3)]);
        assert!(layout.nodes.iter().all(|place| place.y == 25), "{layout:?}");
    }

    #[test]
    fn crossings_that_need_not_be_are_not() {
        // Two pairs, crossed as they were given: 0 -> 3 and 1 -> 2.
        let layout = laid_out(4, &[(0, 3), (1, 2)]);
        let y = |node: usize| layout.nodes[node].y;
        assert_eq!(y(0) < y(1), y(3) < y(2), "{layout:?}");
    }

    #[test]
    fn edges_of_one_node_share_their_bends() {
        let layout = laid_out(5, &[(0, 1), (1, 2), (2, 3), (2, 4), (0, 3), (0, 4)]);
        assert_eq!(layout.bends[4], layout.bends[5]);
        assert_eq!(layout.bends[4].len(), 2);
    }

    #[test]
    fn many_keep_their_distance() {
        // A graph without a pattern, yet the same each time.
        let edges: Vec<(usize, usize)> = (1..60)
            .flat_map(|to| [(to * 7 % 13 * to / 60, to), (to * 5 % 11 * to / 70, to)])
            .filter(|(from, to)| from < to)
            .collect();
        let layout = laid_out(60, &edges);
        assert_eq!(layout, laid_out(60, &edges));
        assert_eq!(layout.bends.len(), edges.len());
    }
}
