//! Collections made of items.

use crate::{everywhere, with_items};
use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet, BinaryHeap, LinkedList, VecDeque};
use alloc::rc::Rc;
use alloc::sync::Arc;
use bedplate_pool::prelude::*;
use std::collections::{HashMap, HashSet};

#[test]
fn every_collection() {
    with_items(|v| {
        let par = || v.par_iter().copied();
        let sifted = || v.par_iter().copied().filter(|_| true);
        assert_eq!(par().collect::<Vec<_>>(), v);
        assert_eq!(sifted().collect::<Vec<_>>(), v);
        assert_eq!(*par().collect::<Box<[_]>>(), *v);
        assert_eq!(*sifted().collect::<Rc<[_]>>(), *v);
        assert_eq!(*par().collect::<Arc<[_]>>(), *v);
        assert_eq!(*par().collect::<Cow<'_, [_]>>(), *v);
        assert_eq!(par().collect::<VecDeque<_>>(), v);
        assert!(sifted().collect::<LinkedList<_>>().iter().eq(v));
        assert_eq!(
            par().collect::<BinaryHeap<_>>().into_sorted_vec(),
            v.iter()
                .copied()
                .collect::<BinaryHeap<_>>()
                .into_sorted_vec()
        );
        let set: BTreeSet<i64> = v.iter().copied().collect();
        assert_eq!(par().collect::<BTreeSet<_>>(), set);
        assert_eq!(
            sifted().collect::<HashSet<_>>(),
            v.iter().copied().collect::<HashSet<_>>()
        );
        // The last value of a key wins, as in serial code.
        let keyed = || v.par_iter().copied().enumerate().map(|(at, x)| (x, at));
        let map: BTreeMap<i64, usize> = v.iter().copied().zip(0..).collect();
        assert_eq!(keyed().collect::<BTreeMap<_, _>>(), map);
        assert_eq!(
            keyed().collect::<HashMap<_, _>>(),
            map.clone().into_iter().collect::<HashMap<_, _>>()
        );
        let pieces = sifted().collect_vec_list();
        assert!(pieces.iter().flatten().eq(v));
    });
}

#[test]
fn texts() {
    everywhere(|| {
        let words = ["a", "bc", "", "def"];
        assert_eq!(words.par_iter().copied().collect::<String>(), "abcdef");
        let owned = words.par_iter().map(|word| (*word).to_owned());
        assert_eq!(owned.collect::<String>(), "abcdef");
        let letters: Vec<char> = "abcdef".chars().collect();
        assert_eq!(letters.par_iter().collect::<String>(), "abcdef");
        assert_eq!(letters.into_par_iter().collect::<String>(), "abcdef");
    });
}

#[test]
fn results_and_options() {
    with_items(|v| {
        let all: Result<Vec<i64>, ()> = v.par_iter().map(|x| Ok(*x)).collect();
        assert_eq!(all.as_deref(), Ok(v));
        let bad: Result<Vec<i64>, i64> = v
            .par_iter()
            .map(|x| if *x == 7 { Err(*x) } else { Ok(*x) })
            .collect();
        assert_eq!(bad.is_err(), v.contains(&7));
        let all: Option<Vec<i64>> = v.par_iter().map(|x| Some(*x)).collect();
        assert_eq!(all.as_deref(), Some(v));
        let bad: Option<Vec<i64>> = v.par_iter().map(|x| (*x != 7).then_some(*x)).collect();
        assert_eq!(bad.is_none(), v.contains(&7));
        v.par_iter().map(|_| ()).collect::<()>();
    });
}

#[test]
fn several_at_once() {
    with_items(|v| {
        let pairs = || v.par_iter().map(|x| (*x, x.to_string()));
        let texts: Vec<String> = v.iter().map(ToString::to_string).collect();
        let (numbers, words): (Vec<i64>, Vec<String>) = pairs().unzip();
        assert_eq!((numbers.as_slice(), &words), (v, &texts));
        let (numbers, words): (BTreeSet<i64>, LinkedList<String>) = pairs().collect();
        assert_eq!(numbers, v.iter().copied().collect());
        assert!(words.iter().eq(&texts));
        let (mut numbers, mut words) = (vec![1, 2, 3], vec![String::from("former")]);
        pairs().unzip_into_vecs(&mut numbers, &mut words);
        assert_eq!((numbers.as_slice(), &words), (v, &texts));
        let (even, odd): (Vec<i64>, Vec<i64>) = v.par_iter().partition(|x| *x % 2 == 0);
        let serial: (Vec<i64>, Vec<i64>) = v.iter().partition(|x| *x % 2 == 0);
        assert_eq!((even, odd), serial);
    });
}

#[test]
fn extensions() {
    with_items(|v| {
        let twice: Vec<i64> = v.iter().chain(v).copied().collect();
        let mut vector = v.to_vec();
        vector.par_extend(v.par_iter());
        assert_eq!(vector, twice);
        let mut vector = v.to_vec();
        vector.par_extend(v.par_iter().copied().filter(|_| true));
        assert_eq!(vector, twice);
        let mut deque: VecDeque<i64> = v.iter().copied().collect();
        deque.par_extend(v.par_iter().copied());
        assert_eq!(deque, twice);
        let mut set = BTreeSet::new();
        set.par_extend(v.par_iter());
        set.par_extend(v.par_iter().copied());
        assert_eq!(set, v.iter().copied().collect());
        let mut map = HashMap::new();
        map.par_extend(v.par_iter().map(|x| (x, x)));
        assert!(map.keys().all(|key| v.contains(key)) && map.len() == set.len());
        let mut both = (v.to_vec(), LinkedList::new());
        both.par_extend(v.par_iter().map(|x| (*x, *x)));
        assert!(both.0 == twice && both.1.iter().eq(v));
        let mut target = vec![5; 10];
        v.par_iter().map(|x| x + 1).collect_into_vec(&mut target);
        assert_eq!(target, v.iter().map(|x| x + 1).collect::<Vec<_>>());
    });
}

#[test]
fn items_without_size() {
    everywhere(|| {
        let units: Vec<()> = (0..1000).into_par_iter().map(|_| ()).collect();
        assert_eq!(units.len(), 1000);
        assert_eq!(units.into_par_iter().count(), 1000);
    });
}
