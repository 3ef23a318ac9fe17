// 64 processes on one cache, killed at random points: no entry is ever wrong, and none that was reported stored is
// lost. TENON_CRASH_SECONDS lengthens the run (docs/cache.md).
#include "compiler/cache/Collect.h"
#include "test/compiler/cache/StoreFixture.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <random>
#include <set>
#include <sys/wait.h>
#include <thread>

using namespace tenon;
using namespace tenon::cache;

namespace {

constexpr int kProcesses = 64;
constexpr uint32_t kWrong = UINT32_MAX;

// What a key holds: its own bytes, of many sizes.
std::string contentOf(uint32_t key) {
  std::mt19937 random(key);
  std::string bytes(1 + random() % (key % 50 == 0 ? 3 << 20 : 20000), '\0');
  for (size_t i = 0; i < bytes.size(); i += 97)
    bytes[i] = static_cast<char>(random());
  return bytes;
}

class CrashTest : public StoreTest {
protected:
  static std::string nameOf(uint32_t key) { return "key " + std::to_string(key); }
  static Kind kindOf(uint32_t key) { return kKinds[key % 3]; }

  // What one process does until it is killed: finds or makes entries, and now and then cleans up.
  [[noreturn]] void work(unsigned seed, int report) {
    options_.warn = nullptr;
    std::mt19937 random(seed);
    auto tell = [&](uint32_t what) { (void)!::write(report, &what, sizeof what); };
    for (;;) {
      auto store = Store::open(options_);
      if (!store.isOk())
        _exit(3);
      const uint32_t key = random() % keys_;
      if (const auto found = get(*store, nameOf(key), kindOf(key))) {
        if (*found != contentOf(key))
          tell(kWrong);
      } else if (put(*store, nameOf(key), contentOf(key), kindOf(key)).isOk()) {
        tell(key);
      }
      if (random() % 50 == 0)
        collect(*store, UINT64_MAX);
    }
  }

  pid_t start(unsigned seed, int report) {
    const pid_t child = fork();
    if (child == 0)
      work(seed, report);
    return child;
  }

  uint32_t keys_ = 1; // enough that the work does not run out
};

TEST_F(CrashTest, NothingIsWrongAndNothingIsLost) {
  const char *asked = getenv("TENON_CRASH_SECONDS");
  const int seconds = asked ? atoi(asked) : 4;
  keys_ = static_cast<uint32_t>(std::clamp(seconds * 200, 200, 20000));
  int report[2];
  ASSERT_EQ(pipe2(report, O_CLOEXEC | O_NONBLOCK), 0);
  options_.lockDeadline = std::chrono::milliseconds(200);
  open();
  std::vector<pid_t> children;
  unsigned seed = 1;
  for (int i = 0; i < kProcesses; ++i)
    children.push_back(start(seed++, report[1]));
  // From here: starting so many takes its time on a busy machine.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  std::mt19937 random(2026);
  std::set<uint32_t> stored;
  uint32_t kills = 0, reports = 0;
  auto listen = [&] {
    for (uint32_t what; ::read(report[0], &what, sizeof what) == sizeof what; ++reports) {
      ASSERT_NE(what, kWrong) << "an entry was found with another content";
      stored.insert(what);
    }
  };
  while (std::chrono::steady_clock::now() < end && !HasFatalFailure()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 10));
    pid_t &victim = children[random() % children.size()];
    ASSERT_EQ(kill(victim, SIGKILL), 0);
    ASSERT_EQ(waitpid(victim, nullptr, 0), victim);
    ++kills;
    victim = start(seed++, report[1]);
    listen();
  }
  for (const pid_t child : children) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  listen();
  Store store = open();
  for (const uint32_t key : stored) {
    const auto found = get(store, nameOf(key), kindOf(key));
    EXPECT_TRUE(found && *found == contentOf(key)) << "lost: key " << key;
  }
  for (const Listed &entry : listEntries(store))
    if (entry.whole)
      EXPECT_TRUE(store.verify(entry.key)) << entry.key.text();
  std::error_code error;
  EXPECT_FALSE(std::filesystem::exists(store.root() + "/quarantine", error)) << "nothing was ever damaged";
  collect(store, UINT64_MAX);
  EXPECT_EQ(countContents(store).unfinished.count, 0u);
  EXPECT_THAT(warnings_, testing::IsEmpty());
  printf("%u kills, %u entries stored, %zu of %u keys there\n", kills, reports, stored.size(), keys_);
  EXPECT_GT(kills, 10u);
  EXPECT_GT(reports, 10u);
  close(report[0]);
  close(report[1]);
}

} // namespace
