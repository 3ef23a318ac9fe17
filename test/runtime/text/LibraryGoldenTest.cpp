// Small tokenizers laid out as model families lay out theirs, against what Hugging Face's library gave
// (golden/make_goldens.py wrote the files and says how).
#include "TextTesting.h"

using namespace tenon::text;
using namespace tenon::text::testing;

namespace {

class LibraryGolden : public ::testing::TestWithParam<const char *> {};

TEST_P(LibraryGolden, AllCases) {
  simdjson::dom::parser parser;
  simdjson::dom::element golden =
      parser.parse(simdjson::padded_string(readTestFile(std::string("runtime/text/golden/") + GetParam() + ".json")))
          .value();
  std::unique_ptr<Tokenizer> tokenizer = parseOrFail(simdjson::minify(golden["tokenizer"].value()));
  ASSERT_TRUE(tokenizer);
  size_t encoded = 0, decoded = 0;
  for (simdjson::dom::element one : golden["encode"].get_array().value()) {
    std::string text = stringOf(one["text"].value());
    SCOPED_TRACE(::testing::PrintToString(text));
    EXPECT_EQ(encodeOrFail(*tokenizer, text), idsOf(one["ids"].value()));
    EXPECT_EQ(encodeOrFail(*tokenizer, text, /*addSpecial=*/true), idsOf(one["special"].value()));
    EXPECT_EQ(encodeOrFail(*tokenizer, text, false, Tokenizer::SpecialText::IsText), idsOf(one["plain"].value()));
    ++encoded;
  }
  for (simdjson::dom::element one : golden["decode"].get_array().value()) {
    std::vector<int32_t> ids = idsOf(one["ids"].value());
    SCOPED_TRACE(::testing::PrintToString(ids));
    for (bool show : {true, false}) {
      std::string expected = stringOf(one[show ? "shown" : "hidden"].value());
      EXPECT_EQ(tokenizer->decode(ids, show), expected);
      EXPECT_EQ(decodeStream(*tokenizer, ids, show), expected);
    }
    ++decoded;
  }
  EXPECT_GT(encoded, 100u);
  EXPECT_GT(decoded, 200u);
}

INSTANTIATE_TEST_SUITE_P(Families, LibraryGolden,
                         ::testing::Values("llama3", "gpt2", "gpt2-prefix", "qwen", "cl100k", "o200k", "han", "llama2",
                                           "llama2-normalized-added", "mistral", "metaspace-always", "metaspace-never",
                                           "nfkc-lower", "nfd-spaces", "nfkd-merged", "contiguous"),
                         [](const auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

} // namespace
