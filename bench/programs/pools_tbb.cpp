// The programs of bench/peers/pools on oneTBB: `PROGRAM tbb SIZE REPEATS [THREADS|0] [bound|free]`.
// Prints one figure a line; `version` prints the library's version.
#include <pthread.h>
#include <sched.h>
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_invoke.h>
#include <tbb/parallel_reduce.h>
#include <tbb/parallel_sort.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <tbb/task_scheduler_observer.h>
#include <tbb/version.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char *what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

double elapsed_ns(Clock::time_point began) {
  return std::chrono::duration<double, std::nano>(Clock::now() - began).count();
}

struct Plan {
  std::string program;
  unsigned size, repeats, threads;
  bool bound;
};

// Binds each of the pool's threads to a CPU of its own, the caller to the first.
class Binder : public tbb::task_scheduler_observer {
public:
  explicit Binder(unsigned cpus) : cpus_(cpus) { observe(true); }
  ~Binder() override { observe(false); }
  void on_scheduler_entry(bool is_worker) override {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(is_worker ? next_++ % cpus_ : 0, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  }

private:
  unsigned cpus_;
  std::atomic<unsigned> next_{1};
};

template <class Run> void time_ns(const Plan &plan, std::uint64_t expected, Run run) {
  for (unsigned i = 0; i < plan.repeats; i++) {
    auto began = Clock::now();
    std::uint64_t result = run();
    double took = elapsed_ns(began);
    if (result != expected) fail("a wrong result");
    std::printf("%.0f\n", took);
  }
}

struct Random {
  std::uint64_t state = 42;
  std::uint64_t next() {
    state += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
  }
};

struct Node {
  std::uint64_t value = 1;
  Node *left = nullptr, *right = nullptr;
};

Node *build(unsigned depth, std::vector<Node *> &places) {
  Node *node = places.back();
  places.pop_back();
  if (depth > 1) {
    node->left = build(depth - 1, places);
    node->right = build(depth - 1, places);
  }
  return node;
}

std::uint64_t sum_tree(const Node *node) {
  std::uint64_t left = 0, right = 0;
  tbb::parallel_invoke([&] { if (node->left) left = sum_tree(node->left); },
                       [&] { if (node->right) right = sum_tree(node->right); });
  return node->value + left + right;
}

void tree(const Plan &plan) {
  std::vector<Node *> places;
  std::size_t count = (std::size_t{1} << plan.size) - 1;
  for (std::size_t i = 0; i < count; i++) places.push_back(new Node);
  std::sort(places.begin(), places.end());
  if (plan.program == "shuffled") {
    Random random;
    for (std::size_t at = count - 1; at > 0; at--)
      std::swap(places[at], places[random.next() % (at + 1)]);
  }
  std::reverse(places.begin(), places.end());
  Node *root = build(plan.size, places);
  time_ns(plan, count, [&] { return sum_tree(root); });
}

std::uint64_t fib(unsigned n) {
  if (n < 2) return n;
  std::uint64_t a = 0, b = 0;
  tbb::parallel_invoke([&] { a = fib(n - 1); }, [&] { b = fib(n - 2); });
  return a + b;
}

void sum(const Plan &plan) {
  std::vector<double> numbers(plan.size);
  double expected = 0;
  for (unsigned i = 0; i < plan.size; i++) expected += numbers[i] = i % 1000;
  time_ns(plan, static_cast<std::uint64_t>(expected), [&] {
    using Range = tbb::blocked_range<std::size_t>;
    auto leaf = [&](const Range &range, double sum) {
      for (std::size_t i = range.begin(); i < range.end(); i++) sum += numbers[i];
      return sum;
    };
    double all = tbb::parallel_reduce(Range(0, numbers.size()), 0.0, leaf, std::plus<double>());
    return static_cast<std::uint64_t>(all);
  });
}

void sort(const Plan &plan) {
  Random random;
  std::vector<std::uint32_t> numbers(plan.size);
  for (auto &number : numbers) number = static_cast<std::uint32_t>(random.next());
  auto expected = numbers;
  std::sort(expected.begin(), expected.end());
  for (unsigned i = 0; i < plan.repeats; i++) {
    auto own = numbers;
    auto began = Clock::now();
    tbb::parallel_sort(own.begin(), own.end());
    double took = elapsed_ns(began);
    if (own != expected) fail("not sorted");
    std::printf("%.0f\n", took);
  }
}

void spawn(const Plan &plan) {
  std::atomic<unsigned> ran{0};
  tbb::task_group group;
  for (unsigned i = 0; i < plan.size; i++) group.run([&] { ran++; });
  group.wait();
  if (ran != plan.size) fail("jobs were left out");
  for (unsigned i = 0; i < plan.repeats; i++) {
    auto began = Clock::now();
    for (unsigned job = 0; job < plan.size; job++) group.run([] {});
    group.wait();
    std::printf("%g\n", elapsed_ns(began) / plan.size);
  }
}

// Nanoseconds that all threads of this process ran.
double ran_ns() {
  double all = 0;
  DIR *tasks = opendir("/proc/self/task");
  while (dirent *entry = readdir(tasks)) {
    std::string path = std::string("/proc/self/task/") + entry->d_name + "/schedstat";
    double ns = 0;
    if (std::FILE *file = std::fopen(path.c_str(), "r")) {
      if (std::fscanf(file, "%lf", &ns) == 1) all += ns;
      std::fclose(file);
    }
  }
  closedir(tasks);
  return all;
}

void trickle(const Plan &plan) {
  tbb::task_arena arena;
  std::atomic<unsigned> ran{0};
  arena.execute([] { tbb::parallel_invoke([] {}, [] {}); });
  for (unsigned i = 0; i < plan.repeats; i++) {
    double loops[2] = {0, 0};
    for (int with_jobs = 0; with_jobs < 2; with_jobs++) {
      double before = ran_ns();
      for (unsigned job = 0; job < plan.size; job++) {
        if (with_jobs) arena.enqueue([&] { ran++; });
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      // A pool may be late with the last ones; they count, too.
      for (int ms = 0; with_jobs && ran < plan.size && ms < 1000; ms++)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      loops[with_jobs] = ran_ns() - before;
    }
    if (ran.exchange(0) != plan.size) fail("jobs were left out");
    std::printf("%g\n", (loops[1] - loops[0]) / 1000 / plan.size);
  }
}

} // namespace

int main(int count, char **words) {
  if (count == 2 && !std::strcmp(words[1], "version")) {
    std::printf("%s\n", TBB_VERSION_STRING);
    return 0;
  }
  if (count < 5) fail("usage: PROGRAM tbb SIZE REPEATS [THREADS|0] [bound|free]");
  unsigned cpus = std::max(1U, std::thread::hardware_concurrency());
  auto number = [&](int at) { return static_cast<unsigned>(std::strtoul(words[at], nullptr, 10)); };
  Plan plan{words[1], number(3), number(4), count > 5 ? number(5) : 0,
            count < 7 || !std::strcmp(words[6], "bound")};
  if (plan.threads == 0) plan.threads = cpus;
  tbb::global_control limit(tbb::global_control::max_allowed_parallelism, plan.threads);
  Binder *binder = plan.bound ? new Binder(cpus) : nullptr;
  if (plan.program == "tree" || plan.program == "shuffled") tree(plan);
  else if (plan.program == "fib") {
    std::uint64_t a = 0, b = 1;
    for (unsigned i = 0; i < plan.size; i++) { std::uint64_t c = a + b; a = b; b = c; }
    time_ns(plan, a, [&] { return fib(plan.size); });
  } else if (plan.program == "sum") sum(plan);
  else if (plan.program == "sort") sort(plan);
  else if (plan.program == "spawn") spawn(plan);
  else if (plan.program == "trickle") trickle(plan);
  else fail("no such program");
  delete binder;
  return 0;
}
