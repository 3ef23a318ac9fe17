// `tenon cache ls` where somebody else wrote what is listed.
#include "compiler/cache/remote/Remote.h"
#include "test/compiler/cache/StoreFixture.h"
#include "tools/tenon-compiler/Verbs.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>

using namespace tenon;
using namespace tenon::cache;
using testing::HasSubstr;
using testing::Not;

namespace {

class CacheLsTest : public StoreTest {
protected:
  CacheLsTest() { setenv("TENON_CACHE_DIR", folder_.c_str(), 1); }

  static std::string list(std::vector<std::string> arguments = {}) {
    CLI::App app;
    const auto verb = cli::makeCacheLs();
    verb->declare(app);
    app.parse(std::move(arguments));
    cli::Terminal terminal;
    testing::internal::CaptureStdout();
    const Status status = verb->run(terminal);
    EXPECT_TRUE(status.isOk()) << status.message();
    std::fflush(stdout);
    return testing::internal::GetCapturedStdout();
  }

  // An entry whose notes and fields are commands to a terminal.
  static Key putHostile(Store &store) {
    const Fields fields = {{"target", "cpu\x1b[2J"}};
    const Key key = keyOf(Kind::Code, fields);
    const auto lock = store.lock(key);
    NewPart part{.name = "object"};
    EXPECT_TRUE(store
                    .publish(*lock, key, fields,
                             {{"model.family", "\x1b]0;title\x07llama"},
                              {"shape", "a\nb\xC2\x9b"
                                        "31m"}},
                             {&part, 1})
                    .isOk());
    return key;
  }
};

constexpr const char *kShown = R"(\x1b]0;title\x07llama, a\x0ab\xc2\x9b31m, cpu\x1b[2J)";

TEST_F(CacheLsTest, ShowsManifestsWithoutTheirControlCharacters) {
  Store store = open();
  putHostile(store);
  const std::string text = list();
  EXPECT_THAT(text, HasSubstr(std::string("  ") + kShown + "\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const std::string json = list({"--json"});
  EXPECT_THAT(json, HasSubstr(R"(\u001b]0;title\u0007llama, a\u000ab\u009b31m, cpu\u001b[2J)"));
}

TEST_F(CacheLsTest, AndThoseOfARemote) {
  const std::string there = folder_ + "-there", elsewhere = folder_ + "-elsewhere";
  std::filesystem::create_directories(there);
  StoreOptions options;
  options.folder = elsewhere;
  auto store = Store::open(options);
  ASSERT_TRUE(store.isOk());
  const Key key = putHostile(*store);
  RemoteOptions url;
  url.url = "file://" + there;
  const auto remote = Remote::open(url);
  ASSERT_EQ((*remote)->share(*store, {&key, 1}).entries, 1u);

  Store here = open();
  const auto lock = here.lock(key);
  ASSERT_TRUE((*remote)->fetch(here, *lock, key, nullptr));
  const std::string text = list();
  EXPECT_THAT(text, HasSubstr(kShown));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  std::filesystem::remove_all(there);
  std::filesystem::remove_all(elsewhere);
}

} // namespace
