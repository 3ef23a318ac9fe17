// Engines that lie in memory instead of a file.
#include "runtime/support/ToyEngine.h"
#include "tenon/tenon.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

namespace tenon {
namespace {

using test::ToyEngine;
using testing::HasSubstr;

// Bytes on pages that nobody can write to, with a page beside them that nobody can read.
class Pages {
public:
  explicit Pages(const std::vector<uint8_t> &bytes) : size_(bytes.size()), span_((size_ + 4095) / 4096 * 4096 + 4096) {
    data_ = static_cast<uint8_t *>(mmap(nullptr, span_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memcpy(data_, bytes.data(), size_);
    mprotect(data_, span_ - 4096, PROT_READ);
    mprotect(data_ + span_ - 4096, 4096, PROT_NONE);
  }
  ~Pages() { munmap(data_, span_); }
  const uint8_t *data() const { return data_; }
  size_t size() const { return size_; }

private:
  size_t size_, span_;
  uint8_t *data_;
};

class MemoryTest : public testing::Test {
protected:
  void TearDown() override { tenon_engine_close(engine); }
  tenon_status open(const std::vector<uint8_t> &bytes, size_t skip = 0) {
    pages.emplace(bytes);
    return tenon_engine_open_memory(pages->data() + skip, pages->size() - skip, nullptr, &engine);
  }
  static std::vector<uint8_t> toy() {
    ToyEngine toy;
    toy.layOut();
    return toy.bytes();
  }

  std::optional<Pages> pages;
  tenon_engine *engine = nullptr;
};

TEST_F(MemoryTest, RunsWhereItLies) {
  ASSERT_EQ(open(toy()), TENON_OK) << tenon_last_message();
  tenon_session *session = nullptr;
  ASSERT_EQ(tenon_session_create(engine, nullptr, &session), TENON_OK);
  std::vector<int32_t> text = {5, 9};
  tenon_generate_options options = TENON_GENERATE_OPTIONS_INIT;
  options.max_tokens = 5;
  ASSERT_EQ(tenon_generate(session, text.data(), text.size(), &options, nullptr, nullptr, nullptr), TENON_OK);
  for (int i = 0; i < 5; ++i)
    text.push_back(test::toyNext(text));
  size_t count = 0;
  const int32_t *tokens = tenon_session_tokens(session, &count);
  EXPECT_THAT(std::vector<int32_t>(tokens, tokens + count), testing::ElementsAreArray(text));
  tenon_session_free(session);

  size_t size = 0;
  const char *document = tenon_engine_document(engine, TENON_TOKENIZER, &size);
  ASSERT_NE(document, nullptr);
  const auto *at = reinterpret_cast<const uint8_t *>(document);
  EXPECT_TRUE(at >= pages->data() && at + size <= pages->data() + pages->size()) << "a copy was made";
}

TEST_F(MemoryTest, RefusesWhatAFileWouldBeRefusedFor) {
  std::vector<uint8_t> bytes = toy();
  bytes.pop_back();
  EXPECT_EQ(open(bytes), TENON_INVALID_FILE);
  EXPECT_THAT(tenon_last_message(), HasSubstr("the engine in memory: file size: expected"));
  EXPECT_EQ(open({1, 2, 3}), TENON_INVALID_FILE);
  EXPECT_EQ(open({}), TENON_INVALID_FILE);
  bytes = toy();
  bytes[100] ^= 1;
  EXPECT_EQ(open(bytes), TENON_INTEGRITY);
  EXPECT_EQ(engine, nullptr);
}

TEST_F(MemoryTest, BeginsOnAPage) {
  std::vector<uint8_t> bytes = toy();
  bytes.insert(bytes.begin(), 64, 0);
  EXPECT_EQ(open(bytes, 64), TENON_USAGE);
  EXPECT_THAT(tenon_last_message(), HasSubstr("a multiple of 4096, found 64 bytes beyond one"));
}

TEST_F(MemoryTest, HoldsItsWeights) {
  test::TemporaryFolder folder;
  ToyEngine().writeExternal(folder.file("m.tenon"));
  EXPECT_EQ(open(test::readFile(folder.file("m.tenon"))), TENON_INVALID_FILE);
  EXPECT_THAT(tenon_last_message(), HasSubstr("compile it with --weights inside"));
}

TEST_F(MemoryTest, NamesWhatMustNotBeNull) {
  EXPECT_EQ(tenon_engine_open_memory(nullptr, 4096, nullptr, &engine), TENON_USAGE);
  EXPECT_THAT(tenon_last_message(), HasSubstr("bytes"));
  EXPECT_EQ(tenon_engine_open_memory(toy().data(), 4096, nullptr, nullptr), TENON_USAGE);
}

} // namespace
} // namespace tenon
