//! What is saved is loaded as it was, and a file that is not whole is refused whatever happened to it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{ALL, Dice, ids, index};
use interlock_vector::{Filter, Metric, Shape, Storage, VectorError, VectorIndex};
use proptest::prelude::*;
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rows.vectors");
    (folder, path)
}

/// A few rows, one of them gone again, some with labels.
fn small(metric: Metric, storage: Storage) -> VectorIndex {
    let index = index(3, metric, storage);
    let labels = [Some("red"), None, Some("blue"), Some("red"), None];
    index.add(&[4, 7, 9, 2, 11], Dice::new(1).clustered(5, 3), &labels, false).unwrap();
    index.remove(&[7]).unwrap();
    index
}

#[test]
fn an_index_comes_back_as_it_was_saved() {
    for (metric, storage) in Metric::ALL.into_iter().flat_map(|metric| Storage::ALL.map(|storage| (metric, storage))) {
        let (_folder, path) = place();
        let saved = small(metric, storage);
        saved.save(&path).unwrap();
        let loaded = VectorIndex::load(&path).unwrap();
        assert_eq!((loaded.shape(), loaded.ids().unwrap()), (saved.shape(), saved.ids().unwrap()));
        assert_eq!((loaded.revision().unwrap(), loaded.stats().unwrap()), (saved.revision().unwrap(), saved.stats().unwrap()));
        assert_eq!(loaded.label(2).unwrap().as_deref(), Some("red"));
        assert_eq!(loaded.get(9).unwrap(), saved.get(9).unwrap());
        let red = Filter { labels: Some(&["red"]), ..ALL };
        assert_eq!(loaded.search(&[1.0, 2.0, 3.0], 9, red, 0.95).unwrap(), saved.search(&[1.0, 2.0, 3.0], 9, red, 0.95).unwrap());
    }
}

#[test]
fn a_graph_comes_back_and_can_go_on_changing() {
    let (_folder, path) = place();
    let rows = Dice::new(2).clustered(4_200, 16);
    let saved = index(16, Metric::L2, Storage::F16);
    saved.add(&ids(4_000), &rows[..4_000 * 16], &[], false).unwrap();
    saved.remove(&ids(300)).unwrap();
    saved.save(&path).unwrap();
    let loaded = VectorIndex::load(&path).unwrap();
    for index in [&saved, &loaded] {
        index.add(&ids(200), &rows[4_000 * 16..], &[], false).unwrap();
        index.remove(&[1_000, 1_001]).unwrap();
    }
    let found = saved.search_many(&rows[..300 * 16], 10, ALL, 0.95, 2).unwrap();
    assert_eq!(loaded.search_many(&rows[..300 * 16], 10, ALL, 0.95, 2).unwrap(), found);
    assert_eq!(loaded.revision().unwrap(), saved.revision().unwrap());
}

#[test]
fn every_truncation_is_refused() {
    let (_folder, path) = place();
    small(Metric::Cosine, Storage::F32).save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let error = VectorIndex::load(&path).unwrap_err();
        assert!(matches!(error, VectorError::Damaged { .. } | VectorError::NotAnIndex { .. }), "{length}: {error}");
    }
    fs::write(&path, [&whole[..], &[0]].concat()).unwrap();
    assert_eq!(VectorIndex::load(&path).unwrap_err().code(), "vector.file_damaged");
}

#[test]
fn every_flipped_bit_is_refused() {
    let (_folder, path) = place();
    small(Metric::L2, Storage::F16).save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &flipped).unwrap();
        let error = VectorIndex::load(&path).unwrap_err();
        assert!(error.is_about_file(), "{bit}: {error}");
    }
}

proptest! {
    #[test]
    fn bytes_from_elsewhere_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), is_ours in any::<bool>()) {
        let (_folder, path) = place();
        let start: &[u8] = if is_ours { b"ILVECTOR\x01\0\0\0" } else { b"" };
        fs::write(&path, [start, &bytes].concat()).unwrap();
        prop_assert!(VectorIndex::load(&path).is_err_and(|error| error.is_about_file()));
        let shape = Shape::new(3, Metric::L2, Storage::F32).unwrap();
        prop_assert!(VectorIndex::import_hnswlib(&path, shape).is_err_and(|error| error.is_about_file()));
    }
}

#[test]
fn a_file_of_another_version_says_which() {
    let (_folder, path) = place();
    small(Metric::Cosine, Storage::F32).save(&path).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 2;
    fs::write(&path, bytes).unwrap();
    let error = VectorIndex::load(&path).unwrap_err();
    assert_eq!(error.code(), "vector.file_version");
    assert!(error.to_string().ends_with("was written in version 2, and this program reads version 1"), "{error}");
}

#[test]
fn a_save_that_fails_leaves_the_old_file() {
    let (folder, path) = place();
    small(Metric::Cosine, Storage::F32).save(&path).unwrap();
    let error = small(Metric::L2, Storage::I8).save(&folder.path().join("nowhere").join("rows.vectors")).unwrap_err();
    assert_eq!(error.code(), "vector.file");
    small(Metric::Dot, Storage::I8).save(&path).unwrap();
    assert_eq!(VectorIndex::load(&path).unwrap().shape().metric, Metric::Dot);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    assert_eq!(VectorIndex::load(Path::new("nowhere")).unwrap_err().code(), "vector.file");
}

/// A file as hnswlib 0.8 writes it: see `HierarchicalNSW::saveIndex`. Rows are (label, vector, deleted).
fn hnswlib(rows: &[(u64, Vec<f32>, bool)]) -> Vec<u8> {
    let (links, numbers) = (4 + 32 * 4, rows[0].1.len() * 4);
    let mut bytes = vec![];
    for count in [0, rows.len() * 2, rows.len(), links + numbers + 8, links + numbers, links] {
        bytes.extend((count as u64).to_le_bytes());
    }
    bytes.extend([0; 8]);
    for count in [16_u64, 32, 16] {
        bytes.extend(count.to_le_bytes());
    }
    bytes.extend(0.36_f64.to_le_bytes());
    bytes.extend(200_u64.to_le_bytes());
    for (label, vector, deleted) in rows {
        bytes.extend([0, 0, u8::from(*deleted), 0]);
        bytes.extend([0; 32 * 4]);
        bytes.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(label.to_le_bytes());
    }
    bytes.extend(vec![0; rows.len() * 4]);
    bytes
}

#[test]
fn rows_of_hnswlib_are_taken_over_without_those_it_had_deleted() {
    let (_folder, path) = place();
    let rows = [(5, vec![1.0, 2.0], false), (6, vec![3.0, 4.0], true), (1 << 40, vec![0.0, -1.0], false)];
    fs::write(&path, hnswlib(&rows)).unwrap();
    let shape = Shape::new(2, Metric::L2, Storage::F32).unwrap();
    let index = VectorIndex::import_hnswlib(&path, shape).unwrap();
    assert_eq!(index.ids().unwrap(), [5, 1 << 40]);
    assert_eq!(index.get(1 << 40).unwrap(), [0.0, -1.0]);
    let wrong = VectorIndex::import_hnswlib(&path, Shape::new(3, Metric::L2, Storage::F32).unwrap()).unwrap_err();
    assert_eq!(wrong.code(), "vector.file_foreign");
    assert_eq!(wrong.hint(), "pass the dimension and the metric that it was made with");
}
