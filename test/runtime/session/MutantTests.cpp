// Damaged engines, opened and run. Each is refused with a message, or runs a step, within an address space limit and a
// time limit; no signal ends a process. Mutants run in child processes, several at a time, so that one that crashes
// ends neither the test nor those after it.
//
// Environment: TENON_MUTANTS how many (2000), TENON_MUTANT_SEED the first seed (0), TENON_MUTANT_ENGINE an engine file
// to damage instead of the toy. `tools/dev mutate` runs 100000 on both.
#include "runtime/session/Session.h"
#include "runtime/support/EngineMutator.h"
#include "runtime/support/ToyEngine.h"
#include "runtime/text/Tokenizer.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tenon {
namespace {

constexpr uint64_t kAddressSpace = 4ull << 30;
// For one mutant: of computing, and (much later, as the machine may be busy) of waiting.
constexpr unsigned kCpuSeconds = 10, kSeconds = 600;

struct Shared {
  uint64_t at; // the seed that is being tried
  uint64_t refused, ran;
  uint64_t unsaid; // refused without a message
};

class Sink final : public LogitsSink {
public:
  void row(size_t, size_t, std::span<float> logits) override {
    for (float value : logits)
      sum_ += value != 0;
  }

private:
  uint64_t sum_ = 0;
};

// Opens what lies at `path` and does what a program does with it.
Status tryOut(const std::string &path) {
  TENON_ASSIGN(auto engine, Engine::open(path, {.threads = 1}));
  const std::string_view json = engine->file().text(schema::SegmentKind::Tokenizer);
  if (auto tokenizer = text::Tokenizer::parse(json, engine->file().text(schema::SegmentKind::TokenizerConfig));
      tokenizer.isOk())
    (void)(*tokenizer)->encode("a b", true);
  Sink sink;
  const int32_t tokens[] = {1, 2, 3};
  for (int round = 0; round < 2; ++round) {
    TENON_ASSIGN(const SequenceId sequence, engine->createSequence());
    const StepItem item{sequence, std::span(tokens).first(round ? 1 : 3), 1};
    (void)engine->step({&item, 1}, sink); // may be refused: too long for the context, a token outside the vocabulary
  }
  return Status::ok();
}

[[noreturn]] void runMutants(const test::EngineMutator &mutator, uint64_t begin, uint64_t end, Shared &shared) {
  const rlimit space = {kAddressSpace, kAddressSpace}, none = {0, 0};
  setrlimit(RLIMIT_AS, &space);
  setrlimit(RLIMIT_CORE, &none);
  std::string what;
  for (uint64_t seed = begin; seed < end; ++seed) {
    __atomic_store_n(&shared.at, seed, __ATOMIC_SEQ_CST);
    const itimerval computing = {{0, 0}, {kCpuSeconds, 0}};
    setitimer(ITIMER_PROF, &computing, nullptr);
    alarm(kSeconds);
    const std::vector<uint8_t> file = mutator.mutant(seed, what);
    const int fd = memfd_create("mutant", MFD_CLOEXEC);
    if (fd < 0 || write(fd, file.data(), file.size()) != static_cast<ssize_t>(file.size()))
      _exit(3);
    const Status status = tryOut("/proc/self/fd/" + std::to_string(fd));
    close(fd);
    ++(status.isOk() ? shared.ran : shared.refused);
    shared.unsaid += !status.isOk() && status.message().empty();
  }
  _exit(0);
}

uint64_t numberFrom(const char *variable, uint64_t fallback) {
  const char *text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : fallback;
}

TEST(Mutants, AreRefusedOrRunWithinBounds) {
  const char *path = std::getenv("TENON_MUTANT_ENGINE");
  const uint64_t count = numberFrom("TENON_MUTANTS", 2000), first = numberFrom("TENON_MUTANT_SEED", 0);
  const unsigned workers = std::max(1u, std::thread::hardware_concurrency());
  const test::EngineMutator mutator(path ? test::readFile(path) : test::ToyEngine().bytes());
  auto *shared = static_cast<Shared *>(
      mmap(nullptr, workers * sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(shared, MAP_FAILED);
  const auto start = std::chrono::steady_clock::now();
  struct Range {
    uint64_t next, end;
    pid_t child;
  };
  std::vector<Range> ranges(workers);
  auto startChild = [&](unsigned i) {
    ranges[i].child = fork();
    if (ranges[i].child == 0)
      runMutants(mutator, ranges[i].next, ranges[i].end, shared[i]);
    ASSERT_GT(ranges[i].child, 0);
  };
  for (unsigned i = 0; i < workers; ++i) {
    ranges[i] = {first + count * i / workers, first + count * (i + 1) / workers, -1};
    startChild(i);
  }
  uint64_t crashes = 0;
  for (unsigned live = workers; live > 0;) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    ASSERT_GT(ended, 0);
    unsigned i = 0;
    while (ranges[i].child != ended)
      ++i;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      --live;
      continue;
    }
    const uint64_t seed = __atomic_load_n(&shared[i].at, __ATOMIC_SEQ_CST);
    std::string what;
    (void)mutator.mutant(seed, what);
    ++crashes;
    ADD_FAILURE() << "seed " << seed << " (" << what << "): "
                  << (WIFSIGNALED(status) ? std::string("signal ") + strsignal(WTERMSIG(status))
                                          : "exit code " + std::to_string(WEXITSTATUS(status)));
    ranges[i].next = seed + 1;
    if (crashes < 100 && ranges[i].next < ranges[i].end)
      startChild(i);
    else
      --live;
  }
  Shared all{};
  for (unsigned i = 0; i < workers; ++i) {
    all.refused += shared[i].refused;
    all.ran += shared[i].ran;
    all.unsaid += shared[i].unsaid;
  }
  munmap(shared, workers * sizeof(Shared));
  std::printf("%llu mutants in %.1f s: %llu refused, %llu ran a step, %llu ended by a signal\n",
              static_cast<unsigned long long>(count),
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
              static_cast<unsigned long long>(all.refused), static_cast<unsigned long long>(all.ran),
              static_cast<unsigned long long>(crashes));
  EXPECT_EQ(all.unsaid, 0u);
  EXPECT_EQ(all.refused + all.ran + crashes, count);
  // Both ends are reached.
  EXPECT_GT(all.ran, count / 50);
  EXPECT_GT(all.refused, count / 4);
}

} // namespace
} // namespace tenon
