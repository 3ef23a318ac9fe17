// The tokenizer of the test models against what transformers gave for the same texts and ids.
#include "TextTesting.h"

using namespace tenon::text;
using namespace tenon::text::testing;

namespace {

class ModelGolden : public ::testing::TestWithParam<const char *> {};

TEST_P(ModelGolden, AllCases) {
  std::string folder = std::string("models/") + GetParam();
  std::unique_ptr<Tokenizer> tokenizer =
      parseOrFail(readTestFile(folder + "/tokenizer.json"), readTestFile(folder + "/tokenizer_config.json"));
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(tokenizer->vocabSize(), 4096);
  EXPECT_EQ(tokenizer->bosId(), 4088);

  simdjson::dom::parser parser;
  simdjson::dom::element cases =
      parser.parse(simdjson::padded_string(readTestFile(folder + "/golden/tokenizer_cases.json"))).value();
  size_t encoded = 0, decoded = 0;
  for (simdjson::dom::element one : cases["encode"].get_array().value()) {
    std::string text = stringOf(one["text"].value());
    SCOPED_TRACE(text.substr(0, 200));
    EXPECT_EQ(encodeOrFail(*tokenizer, text), idsOf(one["ids"].value()));
    std::vector<int32_t> ids = idsOf(one["ids_with_special"].value());
    EXPECT_EQ(encodeOrFail(*tokenizer, text, /*addSpecial=*/true), ids);
    std::vector<int32_t> plain = idsOf(one["ids"].value());
    EXPECT_EQ(tokenizer->decode(plain, /*showSpecial=*/true), stringOf(one["decoded"].value()));
    EXPECT_EQ(tokenizer->decode(plain, /*showSpecial=*/false), stringOf(one["decoded_skip_special"].value()));
    EXPECT_EQ(decodeStream(*tokenizer, plain, true), stringOf(one["decoded"].value()));
    EXPECT_EQ(decodeStream(*tokenizer, plain, false), stringOf(one["decoded_skip_special"].value()));
    ++encoded;
  }
  for (simdjson::dom::element one : cases["decode"].get_array().value()) {
    std::vector<int32_t> ids = idsOf(one["ids"].value());
    SCOPED_TRACE(::testing::PrintToString(ids));
    EXPECT_EQ(tokenizer->decode(ids, true), stringOf(one["decoded"].value()));
    EXPECT_EQ(tokenizer->decode(ids, false), stringOf(one["decoded_skip_special"].value()));
    EXPECT_EQ(decodeStream(*tokenizer, ids, true), stringOf(one["decoded"].value()));
    EXPECT_EQ(decodeStream(*tokenizer, ids, false), stringOf(one["decoded_skip_special"].value()));
    ++decoded;
  }
  EXPECT_GT(encoded, 50u);
  EXPECT_GT(decoded, 20u);
}

INSTANTIATE_TEST_SUITE_P(Models, ModelGolden, ::testing::Values("verse-7m", "verse-1m"));

} // namespace
