//! Proofs against the recursive definitions of RFC 6962, for every leaf and every pair of sizes, and with a bit changed.

use proptest::prelude::*;

use super::*;
use crate::merkle::leaf;
use crate::merkle::tree::tests::naive;

const LARGEST: usize = 200;

fn leaves(count: usize) -> Vec<Digest> {
    (0..count as u64).map(|number| leaf(&number.to_le_bytes())).collect()
}

/// `PATH(m, D[n])`, section 2.1.1, word for word.
fn path(m: usize, d: &[Digest]) -> Vec<Digest> {
    if d.len() <= 1 {
        return vec![];
    }
    let k = d.len().next_power_of_two() / 2;
    if m < k { [path(m, &d[..k]), vec![naive(&d[k..])]].concat() } else { [path(m - k, &d[k..]), vec![naive(&d[..k])]].concat() }
}

/// `SUBPROOF(m, D[n], b)`, section 2.1.2, word for word.
fn subproof(m: usize, d: &[Digest], whole: bool) -> Vec<Digest> {
    if m == d.len() {
        return if whole { vec![] } else { vec![naive(d)] };
    }
    let k = d.len().next_power_of_two() / 2;
    if m <= k {
        [subproof(m, &d[..k], whole), vec![naive(&d[k..])]].concat()
    } else {
        [subproof(m - k, &d[k..], false), vec![naive(&d[..k])]].concat()
    }
}

/// Every proof that there is in the tree of these leaves.
fn all(d: &[Digest]) -> Proofs {
    let mut proofs = Proofs::new(d.len() as u64);
    for number in 0..=d.len() as u64 {
        proofs.want_inclusion(number);
        proofs.want_consistency(number);
    }
    for leaf in d {
        proofs.push(*leaf);
    }
    proofs
}

#[test]
fn inclusion_proofs_of_all_sizes_are_those_of_the_rfc_and_hold() {
    let leaves = leaves(LARGEST);
    let mut proved = 0;
    for size in 0..=LARGEST {
        let (d, proofs) = (&leaves[..size], all(&leaves[..size]));
        let root = naive(d);
        assert_eq!(proofs.root(), root);
        for index in 0..size {
            let found = proofs.inclusion(index as u64).unwrap();
            assert_eq!(found, path(index, d), "leaf {index} of {size}");
            assert!(verify_inclusion(&d[index], index as u64, size as u64, &found, &root), "leaf {index} of {size}");
            proved += 1;
        }
        assert_eq!(proofs.inclusion(size as u64), None);
    }
    println!("{proved} inclusion proofs, sizes 0 to {LARGEST}");
}

#[test]
fn consistency_proofs_of_all_sizes_are_those_of_the_rfc_and_hold() {
    let leaves = leaves(LARGEST);
    let roots: Vec<_> = (0..=LARGEST).map(|size| naive(&leaves[..size])).collect();
    let mut proved = 0;
    for size in 1..=LARGEST {
        let proofs = all(&leaves[..size]);
        for older in 1..=size {
            let found = proofs.consistency(older as u64).unwrap();
            assert_eq!(found, subproof(older, &leaves[..size], true), "{older} of {size}");
            assert!(verify_consistency((older as u64, &roots[older]), (size as u64, &roots[size]), &found), "{older} of {size}");
            proved += 1;
        }
        assert_eq!((proofs.consistency(0), proofs.consistency(size as u64 + 1)), (None, None));
    }
    println!("{proved} consistency proofs, sizes 1 to {LARGEST}");
}

#[test]
fn what_was_not_asked_for_or_has_not_passed_by_is_not_there() {
    let d = leaves(7);
    let mut proofs = Proofs::new(7);
    proofs.want_inclusion(2);
    for leaf in &d[..6] {
        proofs.push(*leaf);
    }
    assert_eq!((proofs.inclusion(2), proofs.seen()), (None, 6));
    proofs.push(d[6]);
    proofs.push(leaf(b"beyond"));
    assert_eq!((proofs.inclusion(2), proofs.inclusion(5), proofs.seen()), (Some(path(2, &d)), None, 7));
    assert_eq!(proofs.root(), naive(&d));
}

/// One bit of one of the digests, changed.
fn flip(digests: &mut [&mut Digest], which: usize, bit: usize) {
    let at = which % digests.len();
    digests[at].0[bit / 8] ^= 1 << (bit % 8);
}

proptest! {
    #[test]
    fn an_inclusion_proof_with_anything_changed_is_rejected(
        size in 1_usize..=LARGEST, index in 0_usize..LARGEST, which in 0_usize..20, bit in 0_usize..256, other in 0_u64..300,
    ) {
        let (d, index) = (leaves(size), index % size);
        let (mut found, mut root, mut own) = (path(index, &d), naive(&d), d[index]);
        if other != index as u64 {
            prop_assert!(!verify_inclusion(&own, other, size as u64, &found, &root), "at another place");
        }
        prop_assert!(!verify_inclusion(&own, index as u64, size as u64, &[found.clone(), vec![root]].concat(), &root), "with one more");
        if let Some((_, rest)) = found.split_last() {
            prop_assert!(!verify_inclusion(&own, index as u64, size as u64, rest, &root), "with one less");
        }
        let mut parts: Vec<&mut Digest> = found.iter_mut().chain([&mut root, &mut own]).collect();
        flip(&mut parts, which, bit);
        prop_assert!(!verify_inclusion(&own, index as u64, size as u64, &found, &root));
    }

    #[test]
    fn a_consistency_proof_with_anything_changed_is_rejected(
        size in 2_usize..=LARGEST, older in 1_usize..LARGEST, which in 0_usize..20, bit in 0_usize..256, other in 0_u64..300,
    ) {
        let d = leaves(size);
        let older = 1 + (older - 1) % (size - 1);
        let (mut found, mut first, mut second) = (subproof(older, &d, true), naive(&d[..older]), naive(&d));
        let (small, large) = (older as u64, size as u64);
        if other != small {
            prop_assert!(!verify_consistency((other, &first), (large, &second), &found), "of another size");
        }
        prop_assert!(!verify_consistency((small, &first), (large, &second), &[found.clone(), vec![second]].concat()), "with one more");
        if let Some((_, rest)) = found.split_last() {
            prop_assert!(!verify_consistency((small, &first), (large, &second), rest), "with one less");
        }
        let mut parts: Vec<&mut Digest> = found.iter_mut().chain([&mut first, &mut second]).collect();
        flip(&mut parts, which, bit);
        prop_assert!(!verify_consistency((small, &first), (large, &second), &found));
    }
}
