// Functions of every shape, compiled twice: `shape` is nothing in one module and `xray_sdk::traced` in the other.

#[shape]
fn a_none() {}

#[shape]
fn a_number(number: u8) -> u8 { number }

#[shape]
fn a_mutable(mut number: u8) -> u8 { number += 1; number }

#[shape]
fn a_ignored(_: u8) -> u8 { 1 }

#[shape]
fn a_unused(_number: u8) -> u8 { 1 }

#[shape]
fn a_tuple((left, right): (u8, u8)) -> u8 { left + right }

#[shape]
fn a_nested(((left, _), [first, .., last]): ((u8, u8), [u8; 3])) -> u8 { left + first + last }

#[shape]
fn a_mutable_in_tuple((mut left, right): (u8, u8)) -> u8 { left += right; left }

#[shape]
fn a_struct(Pair { left, right: other }: Pair) -> u8 { left + other }

#[shape]
fn a_rest(Pair { left, .. }: Pair) -> u8 { left }

#[shape]
fn a_reference(&number: &u8) -> u8 { number }

#[shape]
fn a_ref(ref text: String) -> usize { text.len() }

#[shape]
fn a_newtype(Wrapped(text): Wrapped<String>) -> String { text }

#[shape]
fn a_text(text: &str) -> usize { text.len() }

#[shape]
fn a_owned(text: String) -> String { text }

#[shape]
fn a_slice(numbers: &[u8]) -> u8 { numbers.iter().sum() }

#[shape]
fn a_array<const N: usize>(numbers: [u8; N]) -> usize { numbers.len() + N }

#[shape]
fn a_exclusive(numbers: &mut Vec<u8>) { numbers.push(1); }

#[shape]
fn a_reborrowed(numbers: &mut Vec<u8>) -> &mut u8 { numbers.push(1); &mut numbers[0] }

#[shape]
fn a_option(number: Option<&mut u8>) -> bool { number.is_some_and(|number| { *number += 1; true }) }

#[shape]
fn a_dyn(error: &dyn Error) -> String { error.to_string() }

#[shape]
fn a_boxed_dyn(error: Box<dyn Error + Send>) -> String { error.to_string() }

#[shape]
fn a_closure(work: impl FnOnce(u8) -> u8) -> u8 { work(1) }

#[shape]
fn a_closures<F: FnMut() -> u8>(mut work: F) -> u8 { work() + work() }

#[shape]
fn a_pointer(work: fn(u8) -> u8) -> u8 { work(1) }

#[shape]
fn a_higher_ranked<F>(work: F) -> usize where F: for<'a> Fn(&'a str) -> &'a str { work("abc").len() }

#[shape]
fn a_into(text: impl Into<String>) -> String { text.into() }

#[shape]
fn a_two_impl(left: impl Display, right: impl Debug + Copy) -> String { format!("{left}{right:?}") }

#[shape]
fn a_generic<T>(value: T) -> T { value }

#[shape]
fn a_bounded<T: Ord + Copy>(left: T, right: T) -> T { left.max(right) }

#[shape]
fn a_where<K, V>(map: &BTreeMap<K, V>, key: &K) -> Option<V> where K: Ord, V: Clone { map.get(key).cloned() }

#[shape]
fn a_unsized<T: ?Sized + AsRef<str>>(text: &T) -> usize { text.as_ref().len() }

#[shape]
fn a_lifetimes<'a, 'b: 'a>(left: &'a str, right: &'b str) -> &'a str { if left.len() > 1 { left } else { right } }

#[shape]
#[allow(clippy::many_single_char_names, reason = "a shape")]
fn a_many(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8, m: u8) -> u8 { a + b + c + d + e + f + g + h + i + j + k + l + m }

#[shape]
fn a_cfg(#[cfg(any())] absent: Missing, #[cfg(all())] present: u8) -> u8 { present }

#[shape]
fn a_allowed(#[allow(unused_variables, reason = "a shape")] number: u8) -> u8 { 2 }

#[shape]
fn a_raw(r#type: u8, r#async: u8) -> u8 { r#type + r#async }

#[shape]
fn a_dropped(first: Noted, _second: Noted, _: Noted) -> u8 { drop(first); note("body"); 1 }

#[shape]
fn a_dropped_in_tuple((first, _): (Noted, Noted)) -> Noted { note("body"); first }

#[shape]
fn a_phantom<T>(_: PhantomData<T>) -> &'static str { type_name::<T>() }

#[shape]
fn a_turbofish<T: Default + Debug>() -> T { T::default() }

#[shape]
fn a_iterator(numbers: impl IntoIterator<Item = u8>) -> Vec<u8> { numbers.into_iter().collect() }

#[shape]
fn a_pinned(future: Pin<&mut (dyn Future<Output = u8> + '_)>) -> bool { drop(future); true }

#[shape]
fn r_option(number: u8) -> Option<u8> { number.checked_sub(1) }

#[shape]
fn r_tried(text: &str) -> Option<char> { let first = text.chars().next()?; Some(first) }

#[shape]
fn r_result(number: u8) -> Result<u8, Refused> { if number > 0 { Ok(number) } else { Err(Refused) } }

#[shape]
fn r_converted(text: &str) -> Result<u8, Boxed> { Ok(text.parse::<u8>()?) }

#[shape]
fn r_alias(fails: bool) -> Alias<u8> { if fails { return Err("no".into()); } Ok(1) }

#[shape]
fn r_text_error() -> Result<u8, String> { Err(text()) }

#[shape]
fn r_static_error() -> Result<(), &'static str> { Err("no") }

#[shape]
fn r_unit_error() -> Result<(), ()> { Err(()) }

#[shape]
fn r_borrowed_error(text: &str) -> Result<u8, &str> { text.parse().map_err(|_| text) }

#[shape]
fn r_boxed_error() -> Result<(), Box<dyn Error>> { Err(Box::new(Refused)) }

#[shape]
fn r_io() -> std::io::Result<u8> { Err(std::io::Error::other("no")) }

#[shape]
fn r_generic_error<E: Error>(error: E) -> Result<(), E> { Err(error) }

#[shape]
fn r_infallible() -> Result<u8, std::convert::Infallible> { Ok(1) }

#[shape]
fn r_nested(number: u8) -> Result<Option<u8>, Refused> { Ok(r_option(number)) }

#[shape]
fn r_option_result(number: u8) -> Option<Result<u8, Refused>> { Some(r_result(number)) }

#[shape]
fn r_named() -> SearchResult { SearchResult(1) }

#[shape]
fn r_named_generic<T>(value: T) -> MyResult<T> { MyResult(value) }

#[shape]
fn r_flow(number: u8) -> ControlFlow<u8, u8> { if number > 1 { ControlFlow::Break(number)?; } ControlFlow::Continue(number) }

#[shape]
fn r_poll(ready: bool) -> Poll<Result<u8, Refused>> { if ready { Poll::Ready(Err(Refused)) } else { Poll::Pending } }

#[shape]
fn r_tuple() -> (u8, String) { (1, text()) }

#[shape]
fn r_array() -> [u8; 2] { [1, 2] }

#[shape]
fn r_static() -> &'static str { "a" }

#[shape]
fn r_elided(text: &str) -> &str { text }

#[shape]
fn r_cow(text: &str) -> Cow<'_, str> { text.into() }

#[shape]
fn r_boxed_closure(number: u8) -> Box<dyn Fn(u8) -> u8> { Box::new(move |other| number + other) }

#[shape]
fn r_closure(number: u8) -> impl Fn(u8) -> u8 { move |other| number + other }

#[shape]
fn r_higher_ranked() -> impl for<'a> Fn(&'a str) -> &'a str { |text| text }

#[shape]
fn r_mutable_closure() -> impl FnMut() -> u8 { let mut number = 0; move || { number += 1; number } }

#[shape]
fn r_iterator(to: u8) -> impl Iterator<Item = u8> { (0..to).filter(|number| number % 2 == 0) }

#[shape]
fn r_borrowing_iterator(text: &str) -> impl Iterator<Item = char> + '_ { text.chars().rev() }

#[shape]
fn r_used<'a, T>(text: &'a str, _: T) -> impl Display + use<'a, T> { text }

#[shape]
fn r_optional_iterator(to: u8) -> Option<impl Iterator<Item = u8>> { (to > 0).then_some(0..to) }

#[shape]
fn r_tried_iterator(to: u8) -> Result<impl Iterator<Item = u8>, Refused> { if to > 0 { Ok(0..to) } else { Err(Refused) } }

#[shape]
fn r_pair_of_impl() -> (impl Display, impl Debug) { (1, 2) }

#[shape]
fn r_dyn() -> Box<dyn Display> { Box::new(1) }

#[shape]
fn r_coerced(wide: bool) -> Box<dyn Debug> { if wide { Box::new(1_u64) } else { Box::new(1_u8) } }

#[shape]
fn r_dyn_reference(pair: &Pair) -> &dyn Debug { pair }

#[shape]
fn r_pointer() -> fn(u8) -> u8 { u8::count_zeros_of }

#[shape]
fn r_shared() -> Arc<Mutex<u8>> { Arc::default() }

#[shape]
fn r_rc() -> Rc<str> { "a".into() }

#[shape]
fn r_range() -> std::ops::Range<u8> { 0..2 }

#[shape]
fn r_ordering(left: u8) -> std::cmp::Ordering { left.cmp(&1) }

#[shape]
fn r_never() -> ! { panic_any(1_u8) }

#[shape]
fn r_never_result() -> Result<u8, Refused> { panic_any(1_u8) }

#[shape]
fn r_unit_explicit() -> () {}

#[shape]
fn r_guard(lock: &Mutex<u8>) -> MutexGuard<'_, u8> { lock.lock().unwrap() }

#[shape]
fn r_temporary(lock: &Mutex<u8>) -> u8 { *lock.lock().unwrap() }

#[shape]
fn r_big() -> [u8; 4096] { [1; 4096] }

#[shape]
fn b_loop() -> u8 { let mut number = 0; loop { number += 1; if number == 3 { break number; } } }

#[shape]
fn b_labels() -> u8 { 'outer: loop { for number in 0..5 { if number == 3 { break 'outer number; } } } }

#[shape]
fn b_labelled_block(number: u8) -> u8 { 'block: { if number == 1 { break 'block 5; } 6 } }

#[shape]
fn b_continue() -> u8 { let mut sum = 0; for number in 0..5 { if number == 2 { continue; } sum += number; } sum }

#[shape]
fn b_early(number: u8) -> u8 { if number == 1 { return 9; } number }

#[shape]
fn b_early_unit(number: u8) { if number == 1 { return; } note("late"); }

#[shape]
fn b_only_return(number: u8) -> u8 { return number; }

#[shape]
fn b_nested_function(number: u8) -> u8 { fn inner(number: u8) -> u8 { return number + 1; } inner(number) }

#[shape]
fn b_nested_closure(number: u8) -> u8 { let add = |other: u8| { if other == 1 { return 9; } number + other }; add(1) + add(2) }

#[shape]
fn b_nested_async(number: u8) -> impl Future<Output = u8> { async move { if number == 1 { return 9; } number } }

#[shape]
fn b_local_types() -> u8 { #[derive(Debug)] struct Local(u8); impl Local { fn get(&self) -> u8 { self.0 } } Local(1).get() }

#[shape]
fn b_constants() -> u8 { const ONE: u8 = 1; static TWO: u8 = 2; ONE + TWO }

#[shape]
fn b_macros() -> Vec<u8> { macro_rules! list { ($($number:expr),*) => { vec![$($number),*] }; } list![1, 2] }

#[shape]
fn b_let_else(text: &str) -> u8 { let Ok(number) = text.parse::<u8>() else { return 0 }; number }

#[shape]
fn b_let_chain(text: Option<&str>) -> usize { if let Some(text) = text && !text.is_empty() { text.len() } else { 0 } }

#[shape]
fn b_match(number: u8) -> &'static str { match number { 0 => "none", few @ 1..5 if few != 3 => "few", _ => "many" } }

#[shape]
fn b_shadow(number: u8) -> String { let number = number + 1; let number = number.to_string(); number }

#[shape]
fn b_recursive(number: u8) -> u8 { if number == 0 { 0 } else { 1 + b_recursive(number - 1) } }

#[shape]
fn b_mutual(number: u8) -> bool { number == 0 || b_mutual_other(number - 1) }
#[shape]
fn b_mutual_other(number: u8) -> bool { number != 0 && b_mutual(number - 1) }

#[shape]
fn b_unsafe(number: &u8) -> u8 { let pointer: *const u8 = number; unsafe { *pointer } }

#[shape]
fn b_tail_block(number: u8) -> u8 { { let other = number; other + 1 } }

#[shape]
fn b_tail_if(number: u8) -> Result<u8, Refused> { if number == 0 { Err(Refused) } else { Ok(number) } }

#[shape]
fn b_tail_match(number: u8) -> Result<u8, Boxed> { match number { 0 => Err(Refused)?, number => Ok(number) } }

#[shape]
fn b_tail_unsafe() -> u8 { unsafe { std::mem::transmute::<i8, u8>(1) } }

#[shape]
fn b_inner_attribute() -> u8 { #![allow(unused_variables, reason = "a shape")] let unused = 1; 2 }

#[shape]
fn b_drops() -> u8 { let _first = Noted("first"); let _second = Noted("second"); let _ = Noted("at once"); 1 }

#[shape]
fn b_drops_in_tail() -> usize { let _first = Noted("first"); Noted("tail").0.len() }

#[shape]
fn b_drops_on_error(fails: bool) -> Result<u8, Refused> { let _first = Noted("first"); if fails { Err(Refused)?; } note("after"); Ok(1) }

#[shape]
fn b_drops_on_panic(first: Noted) -> u8 { let _local = Noted("local"); drop(first); panic_any(1_u8) }

#[shape]
fn b_names(result: u8, subsegment: u8, output: u8, owner: u8, future: u8) -> u8 { result + subsegment + output + owner + future }

#[shape]
fn b_shadowed_names() -> u8 { #[derive(Debug)] struct Some(u8); struct Ok(u8); let Some(number) = Some(1); let Ok(other) = Ok(number); other }

#[shape]
fn b_question_in_closure(texts: &[&str]) -> Result<Vec<u8>, Boxed> { texts.iter().map(|text| Ok(text.parse::<u8>()?)).collect() }

#[shape]
fn b_empty_result() -> Result<(), Refused> { Ok(()) }

#[shape]
fn b_assign(number: &mut u8) { *number = 5 }

#[shape]
fn b_while(mut number: u8) -> u8 { while number < 5 { number += 2; } number }

#[shape]
fn b_cfg() -> u8 { #[cfg(any())] { 1 } #[cfg(all())] { 2 } }

#[shape]
fn b_format(number: u8) -> String { format!("{number:>3}") }

#[shape]
fn b_debug_assert(number: u8) -> u8 { debug_assert!(number > 0); number }

#[shape]
fn b_sort(mut numbers: Vec<u8>) -> Vec<u8> { numbers.sort_unstable(); numbers.dedup(); numbers }

#[shape]
#[inline] fn q_inline() -> u8 { 1 }

#[shape]
#[inline(never)] fn q_never_inline() -> u8 { 1 }

#[shape]
#[must_use] fn q_must_use() -> u8 { 1 }

#[shape]
#[cold] fn q_cold() -> u8 { 1 }

#[shape]
#[track_caller] fn q_caller() -> (u32, u32) { let at = Location::caller(); (at.line(), at.column()) }

#[shape]
#[track_caller] fn q_caller_tried(fails: bool) -> Result<u32, Refused> { if fails { Err(Refused)?; } Ok(Location::caller().line()) }

#[shape]
#[doc(hidden)] #[allow(clippy::unnecessary_wraps, reason = "a shape")] fn q_allowed() -> Option<u8> { Some(1) }

#[shape]
unsafe fn q_unsafe(pointer: *const u8) -> u8 { unsafe { *pointer } }

#[shape]
extern "C" fn q_extern(number: u8) -> u8 { number + 1 }

#[shape]
unsafe extern "C" fn q_unsafe_extern(number: u8) -> u8 { number + 1 }

#[shape]
pub(super) fn q_visible() -> u8 { 1 }

#[shape]
pub(in super) fn q_visible_in() -> u8 { 1 }

#[shape]
async fn s_none() {}

#[shape]
async fn s_number(number: u8) -> u8 { number }

#[shape]
async fn s_waits(number: u8) -> u8 { yield_now().await; number }

#[shape]
async fn s_borrowed(text: &str) -> usize { yield_now().await; text.len() }

#[shape]
async fn s_returns_borrowed(text: &str) -> &str { yield_now().await; text }

#[shape]
async fn s_two_lifetimes<'a>(left: &'a str, _right: &str) -> &'a str { yield_now().await; left }

#[shape]
async fn s_exclusive(numbers: &mut Vec<u8>) { yield_now().await; numbers.push(1); }

#[shape]
async fn s_mutable(mut number: u8) -> u8 { number += 1; yield_now().await; number }

#[shape]
async fn s_pattern((left, _): (u8, u8), Pair { right, .. }: Pair) -> u8 { yield_now().await; left + right }

#[shape]
async fn s_result(fails: bool) -> Result<u8, Refused> { yield_now().await; if fails { Err(Refused) } else { Ok(1) } }

#[shape]
async fn s_tried(text: &str) -> Result<u8, Boxed> { yield_now().await; let number: u8 = text.parse()?; Ok(number) }

#[shape]
async fn s_option(text: &str) -> Option<char> { yield_now().await; let first = text.chars().next()?; Some(first) }

#[shape]
async fn s_alias() -> Alias<u8> { Err(Refused)? }

#[shape]
async fn s_named() -> SearchResult { yield_now().await; SearchResult(1) }

#[shape]
async fn s_generic<T: Clone + Debug>(value: &T) -> T { yield_now().await; value.clone() }

#[shape]
async fn s_impl(value: impl Display + Send) -> String { yield_now().await; value.to_string() }

#[shape]
async fn s_const<const N: usize>(numbers: [u8; N]) -> usize { yield_now().await; numbers.len() }

#[shape]
async fn s_where<F, R>(work: F) -> R where F: AsyncFnOnce() -> R { work().await }

#[shape]
async fn s_callback<F: Future<Output = u8>>(work: impl FnOnce(u8) -> F) -> u8 { work(1).await }

#[shape]
async fn s_returns_closure() -> impl Fn(u8) -> u8 { |number| number + 1 }

#[shape]
async fn s_returns_iterator(to: u8) -> impl Iterator<Item = u8> { yield_now().await; 0..to }

#[shape]
async fn s_returns_dyn() -> Box<dyn Display + Send> { Box::new(1) }

#[shape]
async fn s_not_send(number: u8) -> u8 { let shared = Rc::new(number); yield_now().await; *shared }

#[shape]
async fn s_loop() -> u8 { let mut sum = 0; for number in 0..3 { yield_now().await; if number == 1 { continue; } sum += number; } sum }

#[shape]
async fn s_early(number: u8) -> u8 { if number == 1 { return 9; } yield_now().await; number }

#[shape]
async fn s_nested(number: u8) -> u8 { let inner = async { yield_now().await; if number == 1 { return 5; } 6 }; inner.await + 1 }

#[shape]
async fn s_moves(text: String) -> usize { let inner = async move { text.len() }; inner.await }

#[shape]
async fn s_recursive(number: u8) -> u8 { if number == 0 { 0 } else { 1 + Box::pin(s_recursive(number - 1)).await } }

#[shape]
async fn s_never() -> ! { panic_any(1_u8) }

#[shape]
async fn s_drops(first: Noted, _second: Noted, _: Noted) -> u8 { yield_now().await; let _local = Noted("local"); drop(first); 1 }

#[shape]
async fn s_drops_unpolled(_first: Noted) -> u8 { note("body"); 1 }

#[shape]
async fn s_drops_half(_first: Noted) -> u8 { let _local = Noted("local"); std::future::pending::<()>().await; 1 }

#[shape]
async fn s_panics(_first: Noted) -> u8 { let _local = Noted("local"); yield_now().await; panic_any(1_u8) }

#[shape]
async fn s_joined() -> (u8, u8) { futures_util::join!(s_waits(1), s_waits(2)) }

#[shape]
async unsafe fn s_unsafe(number: u8) -> u8 { yield_now().await; number }

#[shape]
fn s_future(number: u8) -> impl Future<Output = u8> + Send { async move { yield_now().await; number } }

#[shape]
fn s_future_of(text: &str) -> impl Future<Output = usize> + '_ { async move { yield_now().await; text.len() } }

#[shape]
fn s_ready(number: u8) -> std::future::Ready<u8> { std::future::ready(number) }

#[shape]
fn s_tried_future(fails: bool) -> impl Future<Output = Result<u8, Boxed>> { async move { if fails { Err(Refused)?; } Ok(1) } }

#[shape]
fn s_box(fails: bool) -> BoxFuture<'static, Result<u8, Refused>> { async move { yield_now().await; if fails { Err(Refused) } else { Ok(1) } }.boxed() }

#[shape]
fn s_local_box(text: &str) -> LocalBoxFuture<'_, usize> { let shared = Rc::new(text); async move { yield_now().await; shared.len() }.boxed_local() }

#[shape]
fn s_pin_box(number: u8) -> Pin<Box<dyn Future<Output = Result<u8, String>> + Send>> { if number == 9 { return Box::pin(async { Err(text()) }); } Box::pin(async move { Ok(number) }) }

#[shape]
fn s_poll_fn() -> impl Future<Output = u8> { std::future::poll_fn(|_| Poll::Ready(1)) }

#[shape]
fn s_handle() -> tokio::task::JoinHandle<u8> { tokio::spawn(async { 1 }) }

/// Methods: of types, traits and operators.
impl Pair {
    #[shape]
    fn m_new(left: u8, right: u8) -> Self {
        Self { left, right }
    }

    #[shape]
    fn m_value(self) -> u8 {
        self.left
    }

    #[shape]
    fn m_shared(&self) -> u8 {
        self.right
    }

    #[shape]
    fn m_exclusive(&mut self) -> &mut u8 {
        self.left += 1;
        &mut self.left
    }

    #[shape]
    fn m_mutable(mut self) -> Self {
        self.left += 1;
        self
    }

    #[shape]
    fn m_boxed(self: Box<Self>) -> u8 {
        self.left
    }

    #[shape]
    fn m_rc(self: Rc<Self>) -> u8 {
        self.left
    }

    #[shape]
    fn m_arc(self: &Arc<Self>) -> u8 {
        self.left
    }

    #[shape]
    fn m_pinned(self: Pin<&mut Self>) -> u8 {
        self.left
    }

    #[shape]
    fn m_lifetime<'a>(&'a self, other: &'a Self) -> &'a Self {
        if self.left > 1 { self } else { other }
    }

    #[shape]
    fn m_tried(&self) -> Result<u8, Refused> {
        self.left.checked_sub(5).ok_or(Refused)
    }

    #[shape]
    fn m_self_result() -> Result<Self, Refused> {
        Ok(Self { left: 1, right: 2 })
    }

    #[shape]
    fn m_iterator(&self) -> impl Iterator<Item = u8> + '_ {
        [self.left, self.right].into_iter()
    }

    #[shape]
    async fn m_later(&self, number: u8) -> u8 {
        yield_now().await;
        self.left + number
    }

    #[shape]
    async fn m_later_exclusive(&mut self) -> Result<u8, Boxed> {
        self.left += 1;
        yield_now().await;
        Err(Refused)?
    }

    #[shape]
    fn m_future(&self) -> impl Future<Output = u8> + Send + '_ {
        async move { self.left }
    }

    #[shape]
    fn m_box_future(&self) -> BoxFuture<'_, u8> {
        async move { self.left }.boxed()
    }
}

impl<T: Clone + Debug> Wrapped<T> {
    #[shape]
    fn m_generic(&self) -> T {
        self.0.clone()
    }

    #[shape]
    fn m_mapped<U>(self, work: impl FnOnce(T) -> U) -> Wrapped<U> {
        Wrapped(work(self.0))
    }

    #[shape]
    async fn m_generic_later(&self) -> T {
        yield_now().await;
        self.0.clone()
    }
}

impl<const N: usize> Fixed<N> {
    #[shape]
    fn m_size(&self) -> usize {
        N + self.0.len()
    }
}

trait Shape {
    const SIDES: u8;
    type Name<'a>: Display
    where
        Self: 'a;

    fn t_required(&self) -> u8;

    #[shape]
    fn t_default(&self) -> u8 {
        self.t_required() + Self::SIDES
    }

    #[shape]
    fn t_static() -> u8
    where
        Self: Sized,
    {
        Self::SIDES
    }

    #[shape]
    fn t_default_tried(&self) -> Result<u8, Refused> {
        if self.t_required() > 0 { Err(Refused) } else { Ok(0) }
    }

    fn t_name(&self) -> Self::Name<'_>;
    async fn t_later(&self) -> u8;
    fn t_iterator(&self) -> impl Iterator<Item = u8>;
    fn t_error<E: Error + Default>(&self) -> Result<u8, E>;
}

impl Shape for Pair {
    const SIDES: u8 = 4;
    type Name<'a> = String;

    #[shape]
    fn t_required(&self) -> u8 {
        self.left
    }

    #[shape]
    fn t_name(&self) -> Self::Name<'_> {
        self.left.to_string()
    }

    #[shape]
    async fn t_later(&self) -> u8 {
        yield_now().await;
        self.left
    }

    #[shape]
    fn t_iterator(&self) -> impl Iterator<Item = u8> {
        0..self.left
    }

    #[shape]
    fn t_error<E: Error + Default>(&self) -> Result<u8, E> {
        Err(E::default())
    }
}

impl std::ops::Add for Pair {
    type Output = Self;

    #[shape]
    fn add(self, other: Self) -> Self {
        Self { left: self.left + other.left, right: self.right + other.right }
    }
}

impl Drop for Noted {
    #[shape]
    fn drop(&mut self) {
        note(self.0);
    }
}

impl<T> std::ops::Deref for Wrapped<T> {
    type Target = T;

    #[shape]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl Display for Pair {
    #[shape]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.left, self.right)
    }
}

impl Iterator for Countdown {
    type Item = u8;

    #[shape]
    fn next(&mut self) -> Option<u8> {
        self.0 = self.0.checked_sub(1)?;
        Some(self.0)
    }
}

impl std::str::FromStr for Countdown {
    type Err = std::num::ParseIntError;

    #[shape]
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl TryFrom<i32> for Countdown {
    type Error = Refused;

    #[shape]
    fn try_from(number: i32) -> Result<Self, Refused> {
        u8::try_from(number).map(Self).map_err(|_| Refused)
    }
}

impl From<u8> for Countdown {
    #[shape]
    fn from(number: u8) -> Self {
        Self(number)
    }
}

impl Future for Countdown {
    type Output = Result<u8, Refused>;

    #[shape]
    fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(if self.0 > 1 { Ok(self.0) } else { Err(Refused) })
    }
}

/// The result of each function, as text, with what was dropped on the way.
pub(super) fn results() -> Vec<(&'static str, String)> {
    let mut results = Vec::new();
    results.push(("a_none()", observed(|| a_none())));
    results.push(("a_number(1)", observed(|| a_number(1))));
    results.push(("a_mutable(1)", observed(|| a_mutable(1))));
    results.push(("a_ignored(1)", observed(|| a_ignored(1))));
    results.push(("a_unused(1)", observed(|| a_unused(1))));
    results.push(("a_tuple((1, 2))", observed(|| a_tuple((1, 2)))));
    results.push(("a_nested(((1, 2), [3, 4, 5]))", observed(|| a_nested(((1, 2), [3, 4, 5])))));
    results.push(("a_mutable_in_tuple((1, 2))", observed(|| a_mutable_in_tuple((1, 2)))));
    results.push(("a_struct(Pair { left: 1, right: 2 })", observed(|| a_struct(Pair { left: 1, right: 2 }))));
    results.push(("a_rest(Pair { left: 1, right: 2 })", observed(|| a_rest(Pair { left: 1, right: 2 }))));
    results.push(("a_reference(&1)", observed(|| a_reference(&1))));
    results.push(("a_ref(text())", observed(|| a_ref(text()))));
    results.push(("a_newtype(Wrapped(text()))", observed(|| a_newtype(Wrapped(text())))));
    results.push(("a_text(\"abc\")", observed(|| a_text("abc"))));
    results.push(("a_owned(text())", observed(|| a_owned(text()))));
    results.push(("a_slice(&[1, 2])", observed(|| a_slice(&[1, 2]))));
    results.push(("a_array([1, 2, 3])", observed(|| a_array([1, 2, 3]))));
    results.push(("{ let mut numbers = vec![]; a_exclusive(&mut numbers); numbers }", observed(|| { let mut numbers = vec![]; a_exclusive(&mut numbers); numbers })));
    results.push(("{ let mut numbers = vec![]; *a_reborrowed(&mut numbers) += 1; numbers }", observed(|| { let mut numbers = vec![]; *a_reborrowed(&mut numbers) += 1; numbers })));
    results.push(("{ let mut number = 1; (a_option(Some(&mut number)), number) }", observed(|| { let mut number = 1; (a_option(Some(&mut number)), number) })));
    results.push(("a_dyn(&Refused)", observed(|| a_dyn(&Refused))));
    results.push(("a_boxed_dyn(Box::new(Refused))", observed(|| a_boxed_dyn(Box::new(Refused)))));
    results.push(("a_closure(|number| number + 1)", observed(|| a_closure(|number| number + 1))));
    results.push(("{ let mut number = 0; a_closures(move || { number += 1; number }) }", observed(|| { let mut number = 0; a_closures(move || { number += 1; number }) })));
    results.push(("a_pointer(u8::count_zeros_of)", observed(|| a_pointer(u8::count_zeros_of))));
    results.push(("a_higher_ranked(|text| &text[1..])", observed(|| a_higher_ranked(|text| &text[1..]))));
    results.push(("a_into(\"a\")", observed(|| a_into("a"))));
    results.push(("a_two_impl(1, 2)", observed(|| a_two_impl(1, 2))));
    results.push(("a_generic(1)", observed(|| a_generic(1))));
    results.push(("a_generic(text())", observed(|| a_generic(text()))));
    results.push(("a_bounded(1, 2)", observed(|| a_bounded(1, 2))));
    results.push(("a_where(&BTreeMap::from([(1, 2)]), &1)", observed(|| a_where(&BTreeMap::from([(1, 2)]), &1))));
    results.push(("a_unsized(\"abc\")", observed(|| a_unsized("abc"))));
    results.push(("a_lifetimes(\"a\", \"b\")", observed(|| a_lifetimes("a", "b"))));
    results.push(("a_many(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)", observed(|| a_many(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1))));
    results.push(("a_cfg(1)", observed(|| a_cfg(1))));
    results.push(("a_allowed(1)", observed(|| a_allowed(1))));
    results.push(("a_raw(1, 2)", observed(|| a_raw(1, 2))));
    results.push(("a_dropped(Noted(\"a\"), Noted(\"b\"), Noted(\"c\"))", observed(|| a_dropped(Noted("a"), Noted("b"), Noted("c")))));
    results.push(("drop(a_dropped_in_tuple((Noted(\"a\"), Noted(\"b\"))))", observed(|| drop(a_dropped_in_tuple((Noted("a"), Noted("b")))))));
    results.push(("a_phantom(PhantomData::<u8>)", observed(|| a_phantom(PhantomData::<u8>))));
    results.push(("a_turbofish::<u8>()", observed(|| a_turbofish::<u8>())));
    results.push(("a_iterator(0..3)", observed(|| a_iterator(0..3))));
    results.push(("a_pinned(pin!(async { 1 }))", observed(|| a_pinned(pin!(async { 1 })))));
    results.push(("r_option(0)", observed(|| r_option(0))));
    results.push(("r_option(1)", observed(|| r_option(1))));
    results.push(("r_tried(\"\")", observed(|| r_tried(""))));
    results.push(("r_tried(\"a\")", observed(|| r_tried("a"))));
    results.push(("r_result(0)", observed(|| r_result(0))));
    results.push(("r_result(1)", observed(|| r_result(1))));
    results.push(("r_converted(\"1\").ok()", observed(|| r_converted("1").ok())));
    results.push(("r_converted(\"x\").map_err(|error| error.to_string())", observed(|| r_converted("x").map_err(|error| error.to_string()))));
    results.push(("r_alias(true).is_err()", observed(|| r_alias(true).is_err())));
    results.push(("r_alias(false).is_ok()", observed(|| r_alias(false).is_ok())));
    results.push(("r_text_error()", observed(|| r_text_error())));
    results.push(("r_static_error()", observed(|| r_static_error())));
    results.push(("r_unit_error()", observed(|| r_unit_error())));
    results.push(("r_borrowed_error(\"x\")", observed(|| r_borrowed_error("x"))));
    results.push(("r_boxed_error().is_err()", observed(|| r_boxed_error().is_err())));
    results.push(("r_io().map_err(|error| error.to_string())", observed(|| r_io().map_err(|error| error.to_string()))));
    results.push(("r_generic_error(Refused)", observed(|| r_generic_error(Refused))));
    results.push(("r_infallible()", observed(|| r_infallible())));
    results.push(("r_nested(0)", observed(|| r_nested(0))));
    results.push(("r_option_result(0)", observed(|| r_option_result(0))));
    results.push(("r_named()", observed(|| r_named())));
    results.push(("r_named_generic(1)", observed(|| r_named_generic(1))));
    results.push(("r_flow(1)", observed(|| r_flow(1))));
    results.push(("r_flow(2)", observed(|| r_flow(2))));
    results.push(("r_poll(true)", observed(|| r_poll(true))));
    results.push(("r_poll(false)", observed(|| r_poll(false))));
    results.push(("r_tuple()", observed(|| r_tuple())));
    results.push(("r_array()", observed(|| r_array())));
    results.push(("r_static()", observed(|| r_static())));
    results.push(("r_elided(\"a\")", observed(|| r_elided("a"))));
    results.push(("r_cow(\"a\")", observed(|| r_cow("a"))));
    results.push(("r_boxed_closure(1)(2)", observed(|| r_boxed_closure(1)(2))));
    results.push(("r_closure(1)(2)", observed(|| r_closure(1)(2))));
    results.push(("r_higher_ranked()(\"a\")", observed(|| r_higher_ranked()("a"))));
    results.push(("{ let mut next = r_mutable_closure(); (next(), next()) }", observed(|| { let mut next = r_mutable_closure(); (next(), next()) })));
    results.push(("r_iterator(5).collect::<Vec<_>>()", observed(|| r_iterator(5).collect::<Vec<_>>())));
    results.push(("r_borrowing_iterator(\"ab\").collect::<String>()", observed(|| r_borrowing_iterator("ab").collect::<String>())));
    results.push(("r_used(\"a\", 1).to_string()", observed(|| r_used("a", 1).to_string())));
    results.push(("r_optional_iterator(2).map(Iterator::count)", observed(|| r_optional_iterator(2).map(Iterator::count))));
    results.push(("r_tried_iterator(0).map(Iterator::count)", observed(|| r_tried_iterator(0).map(Iterator::count))));
    results.push(("r_tried_iterator(2).map(Iterator::count)", observed(|| r_tried_iterator(2).map(Iterator::count))));
    results.push(("{ let (left, right) = r_pair_of_impl(); format!(\"{left}{right:?}\") }", observed(|| { let (left, right) = r_pair_of_impl(); format!("{left}{right:?}") })));
    results.push(("r_dyn().to_string()", observed(|| r_dyn().to_string())));
    results.push(("r_coerced(true)", observed(|| r_coerced(true))));
    results.push(("r_dyn_reference(&Pair { left: 1, right: 2 })", observed(|| r_dyn_reference(&Pair { left: 1, right: 2 }))));
    results.push(("r_pointer()(1)", observed(|| r_pointer()(1))));
    results.push(("r_shared()", observed(|| r_shared())));
    results.push(("r_rc()", observed(|| r_rc())));
    results.push(("r_range()", observed(|| r_range())));
    results.push(("r_ordering(2)", observed(|| r_ordering(2))));
    results.push(("catch_unwind(|| r_never()).is_err()", observed(|| catch_unwind(|| r_never()).is_err())));
    results.push(("catch_unwind(r_never_result).is_err()", observed(|| catch_unwind(r_never_result).is_err())));
    results.push(("r_unit_explicit()", observed(|| r_unit_explicit())));
    results.push(("*r_guard(&Mutex::new(1))", observed(|| *r_guard(&Mutex::new(1)))));
    results.push(("r_temporary(&Mutex::new(1))", observed(|| r_temporary(&Mutex::new(1)))));
    results.push(("r_big().len()", observed(|| r_big().len())));
    results.push(("b_loop()", observed(|| b_loop())));
    results.push(("b_labels()", observed(|| b_labels())));
    results.push(("b_labelled_block(1)", observed(|| b_labelled_block(1))));
    results.push(("b_continue()", observed(|| b_continue())));
    results.push(("b_early(1)", observed(|| b_early(1))));
    results.push(("b_early(2)", observed(|| b_early(2))));
    results.push(("b_early_unit(1)", observed(|| b_early_unit(1))));
    results.push(("b_early_unit(2)", observed(|| b_early_unit(2))));
    results.push(("b_only_return(1)", observed(|| b_only_return(1))));
    results.push(("b_nested_function(1)", observed(|| b_nested_function(1))));
    results.push(("b_nested_closure(1)", observed(|| b_nested_closure(1))));
    results.push(("block_on(b_nested_async(1))", observed(|| block_on(b_nested_async(1)))));
    results.push(("b_local_types()", observed(|| b_local_types())));
    results.push(("b_constants()", observed(|| b_constants())));
    results.push(("b_macros()", observed(|| b_macros())));
    results.push(("b_let_else(\"x\")", observed(|| b_let_else("x"))));
    results.push(("b_let_else(\"1\")", observed(|| b_let_else("1"))));
    results.push(("b_let_chain(Some(\"a\"))", observed(|| b_let_chain(Some("a")))));
    results.push(("b_let_chain(None)", observed(|| b_let_chain(None))));
    results.push(("b_match(0)", observed(|| b_match(0))));
    results.push(("b_match(2)", observed(|| b_match(2))));
    results.push(("b_match(3)", observed(|| b_match(3))));
    results.push(("b_shadow(1)", observed(|| b_shadow(1))));
    results.push(("b_recursive(3)", observed(|| b_recursive(3))));
    results.push(("b_mutual(4)", observed(|| b_mutual(4))));
    results.push(("b_unsafe(&1)", observed(|| b_unsafe(&1))));
    results.push(("b_tail_block(1)", observed(|| b_tail_block(1))));
    results.push(("b_tail_if(0)", observed(|| b_tail_if(0))));
    results.push(("b_tail_match(0).is_err()", observed(|| b_tail_match(0).is_err())));
    results.push(("b_tail_match(1).is_ok()", observed(|| b_tail_match(1).is_ok())));
    results.push(("b_tail_unsafe()", observed(|| b_tail_unsafe())));
    results.push(("b_inner_attribute()", observed(|| b_inner_attribute())));
    results.push(("b_drops()", observed(|| b_drops())));
    results.push(("b_drops_in_tail()", observed(|| b_drops_in_tail())));
    results.push(("b_drops_on_error(true)", observed(|| b_drops_on_error(true))));
    results.push(("b_drops_on_error(false)", observed(|| b_drops_on_error(false))));
    results.push(("catch_unwind(|| b_drops_on_panic(Noted(\"first\"))).is_err()", observed(|| catch_unwind(|| b_drops_on_panic(Noted("first"))).is_err())));
    results.push(("b_names(1, 1, 1, 1, 1)", observed(|| b_names(1, 1, 1, 1, 1))));
    results.push(("b_shadowed_names()", observed(|| b_shadowed_names())));
    results.push(("b_question_in_closure(&[\"1\", \"2\"]).ok()", observed(|| b_question_in_closure(&["1", "2"]).ok())));
    results.push(("b_question_in_closure(&[\"x\"]).is_err()", observed(|| b_question_in_closure(&["x"]).is_err())));
    results.push(("b_empty_result()", observed(|| b_empty_result())));
    results.push(("{ let mut number = 1; b_assign(&mut number); number }", observed(|| { let mut number = 1; b_assign(&mut number); number })));
    results.push(("b_while(0)", observed(|| b_while(0))));
    results.push(("b_cfg()", observed(|| b_cfg())));
    results.push(("b_format(1)", observed(|| b_format(1))));
    results.push(("b_debug_assert(1)", observed(|| b_debug_assert(1))));
    results.push(("b_sort(vec![2, 1, 2])", observed(|| b_sort(vec![2, 1, 2]))));
    results.push(("q_inline()", observed(|| q_inline())));
    results.push(("q_never_inline()", observed(|| q_never_inline())));
    results.push(("q_must_use()", observed(|| q_must_use())));
    results.push(("q_cold()", observed(|| q_cold())));
    results.push(("q_caller()", observed(|| q_caller())));
    results.push(("q_caller_tried(false)", observed(|| q_caller_tried(false))));
    results.push(("q_caller_tried(true)", observed(|| q_caller_tried(true))));
    results.push(("q_allowed()", observed(|| q_allowed())));
    results.push(("unsafe { q_unsafe(&1) }", observed(|| unsafe { q_unsafe(&1) })));
    results.push(("q_extern(1)", observed(|| q_extern(1))));
    results.push(("unsafe { q_unsafe_extern(1) }", observed(|| unsafe { q_unsafe_extern(1) })));
    results.push(("q_visible()", observed(|| q_visible())));
    results.push(("q_visible_in()", observed(|| q_visible_in())));
    results.push(("block_on(s_none())", observed(|| block_on(s_none()))));
    results.push(("block_on(s_number(1))", observed(|| block_on(s_number(1)))));
    results.push(("block_on(s_waits(1))", observed(|| block_on(s_waits(1)))));
    results.push(("block_on(s_borrowed(\"abc\"))", observed(|| block_on(s_borrowed("abc")))));
    results.push(("block_on(s_returns_borrowed(\"abc\"))", observed(|| block_on(s_returns_borrowed("abc")))));
    results.push(("block_on(s_two_lifetimes(\"a\", \"b\"))", observed(|| block_on(s_two_lifetimes("a", "b")))));
    results.push(("{ let mut numbers = vec![]; block_on(s_exclusive(&mut numbers)); numbers }", observed(|| { let mut numbers = vec![]; block_on(s_exclusive(&mut numbers)); numbers })));
    results.push(("block_on(s_mutable(1))", observed(|| block_on(s_mutable(1)))));
    results.push(("block_on(s_pattern((1, 2), Pair { left: 3, right: 4 }))", observed(|| block_on(s_pattern((1, 2), Pair { left: 3, right: 4 })))));
    results.push(("block_on(s_result(true))", observed(|| block_on(s_result(true)))));
    results.push(("block_on(s_result(false))", observed(|| block_on(s_result(false)))));
    results.push(("block_on(s_tried(\"x\")).is_err()", observed(|| block_on(s_tried("x")).is_err())));
    results.push(("block_on(s_tried(\"1\")).is_ok()", observed(|| block_on(s_tried("1")).is_ok())));
    results.push(("block_on(s_option(\"\"))", observed(|| block_on(s_option("")))));
    results.push(("block_on(s_alias()).is_err()", observed(|| block_on(s_alias()).is_err())));
    results.push(("block_on(s_named())", observed(|| block_on(s_named()))));
    results.push(("block_on(s_generic(&1))", observed(|| block_on(s_generic(&1)))));
    results.push(("block_on(s_impl(1))", observed(|| block_on(s_impl(1)))));
    results.push(("block_on(s_const([1, 2]))", observed(|| block_on(s_const([1, 2])))));
    results.push(("block_on(s_where(async || 1))", observed(|| block_on(s_where(async || 1)))));
    results.push(("block_on(s_callback(|number| async move { number + 1 }))", observed(|| block_on(s_callback(|number| async move { number + 1 })))));
    results.push(("block_on(s_returns_closure())(1)", observed(|| block_on(s_returns_closure())(1))));
    results.push(("block_on(s_returns_iterator(3)).count()", observed(|| block_on(s_returns_iterator(3)).count())));
    results.push(("block_on(s_returns_dyn()).to_string()", observed(|| block_on(s_returns_dyn()).to_string())));
    results.push(("block_on(s_not_send(1))", observed(|| block_on(s_not_send(1)))));
    results.push(("block_on(s_loop())", observed(|| block_on(s_loop()))));
    results.push(("block_on(s_early(1))", observed(|| block_on(s_early(1)))));
    results.push(("block_on(s_early(2))", observed(|| block_on(s_early(2)))));
    results.push(("block_on(s_nested(1))", observed(|| block_on(s_nested(1)))));
    results.push(("block_on(s_moves(text()))", observed(|| block_on(s_moves(text())))));
    results.push(("block_on(s_recursive(3))", observed(|| block_on(s_recursive(3)))));
    results.push(("catch_unwind(|| block_on(async { s_never().await })).is_err()", observed(|| catch_unwind(|| block_on(async { s_never().await })).is_err())));
    results.push(("block_on(s_drops(Noted(\"a\"), Noted(\"b\"), Noted(\"c\")))", observed(|| block_on(s_drops(Noted("a"), Noted("b"), Noted("c"))))));
    results.push(("drop(s_drops_unpolled(Noted(\"a\")))", observed(|| drop(s_drops_unpolled(Noted("a"))))));
    results.push(("block_on(async { let mut half = Box::pin(s_drops_half(Noted(\"a\"))); assert!(futures_util::poll!(half.as_mut()).is_pending()); drop(half); note(\"after\"); })", observed(|| block_on(async { let mut half = Box::pin(s_drops_half(Noted("a"))); assert!(futures_util::poll!(half.as_mut()).is_pending()); drop(half); note("after"); }))));
    results.push(("catch_unwind(|| block_on(s_panics(Noted(\"a\")))).is_err()", observed(|| catch_unwind(|| block_on(s_panics(Noted("a")))).is_err())));
    results.push(("block_on(s_joined())", observed(|| block_on(s_joined()))));
    results.push(("block_on(unsafe { s_unsafe(1) })", observed(|| block_on(unsafe { s_unsafe(1) }))));
    results.push(("block_on(s_future(1))", observed(|| block_on(s_future(1)))));
    results.push(("block_on(s_future_of(\"abc\"))", observed(|| block_on(s_future_of("abc")))));
    results.push(("block_on(s_ready(1))", observed(|| block_on(s_ready(1)))));
    results.push(("block_on(s_tried_future(true)).is_err()", observed(|| block_on(s_tried_future(true)).is_err())));
    results.push(("block_on(s_box(true))", observed(|| block_on(s_box(true)))));
    results.push(("block_on(s_box(false))", observed(|| block_on(s_box(false)))));
    results.push(("block_on(s_local_box(\"abc\"))", observed(|| block_on(s_local_box("abc")))));
    results.push(("block_on(s_pin_box(9))", observed(|| block_on(s_pin_box(9)))));
    results.push(("block_on(s_pin_box(1))", observed(|| block_on(s_pin_box(1)))));
    results.push(("block_on(s_poll_fn())", observed(|| block_on(s_poll_fn()))));
    results.push(("block_on(async { s_handle().await.unwrap() })", observed(|| block_on(async { s_handle().await.unwrap() }))));
    results.push(("Pair::m_new(1, 2)", observed(|| Pair::m_new(1, 2))));
    results.push(("Pair { left: 1, right: 2 }.m_value()", observed(|| Pair { left: 1, right: 2 }.m_value())));
    results.push(("Pair { left: 1, right: 2 }.m_shared()", observed(|| Pair { left: 1, right: 2 }.m_shared())));
    results.push(("*Pair { left: 1, right: 2 }.m_exclusive()", observed(|| *Pair { left: 1, right: 2 }.m_exclusive())));
    results.push(("Pair { left: 1, right: 2 }.m_mutable()", observed(|| Pair { left: 1, right: 2 }.m_mutable())));
    results.push(("Box::new(Pair { left: 1, right: 2 }).m_boxed()", observed(|| Box::new(Pair { left: 1, right: 2 }).m_boxed())));
    results.push(("Rc::new(Pair { left: 1, right: 2 }).m_rc()", observed(|| Rc::new(Pair { left: 1, right: 2 }).m_rc())));
    results.push(("Arc::new(Pair { left: 1, right: 2 }).m_arc()", observed(|| Arc::new(Pair { left: 1, right: 2 }).m_arc())));
    results.push(("pin!(Pair { left: 1, right: 2 }).m_pinned()", observed(|| pin!(Pair { left: 1, right: 2 }).m_pinned())));
    results.push(("Pair { left: 1, right: 2 }.m_lifetime(&Pair { left: 3, right: 4 }).left", observed(|| Pair { left: 1, right: 2 }.m_lifetime(&Pair { left: 3, right: 4 }).left)));
    results.push(("Pair { left: 1, right: 2 }.m_tried()", observed(|| Pair { left: 1, right: 2 }.m_tried())));
    results.push(("Pair::m_self_result()", observed(|| Pair::m_self_result())));
    results.push(("Pair { left: 1, right: 2 }.m_iterator().sum::<u8>()", observed(|| Pair { left: 1, right: 2 }.m_iterator().sum::<u8>())));
    results.push(("block_on(Pair { left: 1, right: 2 }.m_later(1))", observed(|| block_on(Pair { left: 1, right: 2 }.m_later(1)))));
    results.push(("block_on(Pair { left: 1, right: 2 }.m_later_exclusive()).is_err()", observed(|| block_on(Pair { left: 1, right: 2 }.m_later_exclusive()).is_err())));
    results.push(("block_on(Pair { left: 1, right: 2 }.m_future())", observed(|| block_on(Pair { left: 1, right: 2 }.m_future()))));
    results.push(("block_on(Pair { left: 1, right: 2 }.m_box_future())", observed(|| block_on(Pair { left: 1, right: 2 }.m_box_future()))));
    results.push(("Wrapped(1).m_generic()", observed(|| Wrapped(1).m_generic())));
    results.push(("Wrapped(1).m_mapped(|number| number.to_string()).0", observed(|| Wrapped(1).m_mapped(|number| number.to_string()).0)));
    results.push(("block_on(Wrapped(1).m_generic_later())", observed(|| block_on(Wrapped(1).m_generic_later()))));
    results.push(("Fixed([1, 2]).m_size()", observed(|| Fixed([1, 2]).m_size())));
    results.push(("Pair { left: 1, right: 2 }.t_default()", observed(|| Pair { left: 1, right: 2 }.t_default())));
    results.push(("Pair::t_static()", observed(|| Pair::t_static())));
    results.push(("Pair { left: 1, right: 2 }.t_default_tried()", observed(|| Pair { left: 1, right: 2 }.t_default_tried())));
    results.push(("Pair { left: 1, right: 2 }.t_name().to_string()", observed(|| Pair { left: 1, right: 2 }.t_name().to_string())));
    results.push(("block_on(Pair { left: 1, right: 2 }.t_later())", observed(|| block_on(Pair { left: 1, right: 2 }.t_later()))));
    results.push(("Pair { left: 1, right: 2 }.t_iterator().count()", observed(|| Pair { left: 1, right: 2 }.t_iterator().count())));
    results.push(("Pair { left: 1, right: 2 }.t_error::<Refused>()", observed(|| Pair { left: 1, right: 2 }.t_error::<Refused>())));
    results.push(("Pair { left: 1, right: 2 } + Pair { left: 1, right: 2 }", observed(|| Pair { left: 1, right: 2 } + Pair { left: 1, right: 2 })));
    results.push(("Wrapped(text()).len()", observed(|| Wrapped(text()).len())));
    results.push(("Pair { left: 1, right: 2 }.to_string()", observed(|| Pair { left: 1, right: 2 }.to_string())));
    results.push(("Countdown(3).collect::<Vec<_>>()", observed(|| Countdown(3).collect::<Vec<_>>())));
    results.push(("\"x\".parse::<Countdown>().map(|countdown| countdown.0)", observed(|| "x".parse::<Countdown>().map(|countdown| countdown.0))));
    results.push(("Countdown::try_from(-1).map(|countdown| countdown.0)", observed(|| Countdown::try_from(-1).map(|countdown| countdown.0))));
    results.push(("Countdown::from(2).0", observed(|| Countdown::from(2).0)));
    results.push(("block_on(Countdown(1))", observed(|| block_on(Countdown(1)))));
    results.push(("block_on(Countdown(2))", observed(|| block_on(Countdown(2)))));
    results
}
