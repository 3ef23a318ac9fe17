#include "compiler/import/GgufVocabulary.h"

#include "GgufFile.h"
#include "compiler/import/GgufMerges.h"
#include "compiler/import/GgufPreTokenizer.h"
#include "runtime/text/Tokenizer.h"
#include <functional>
#include <gmock/gmock.h>

using namespace tenon;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

using Edit = std::function<void(GgufFile &)>;
using Ids = std::vector<int32_t>;

enum { Normal = 1, Unknown, Control, UserDefined, Unused, Byte };
struct Token {
  std::string text;
  float score;
  int32_t type = Normal;
};

void add(GgufFile &file, const std::vector<Token> &tokens) {
  std::vector<std::string> texts;
  std::vector<float> scores;
  std::vector<int32_t> types;
  for (const Token &token : tokens) {
    texts.push_back(token.text);
    scores.push_back(token.score);
    types.push_back(token.type);
  }
  file.strings("tokenizer.ggml.tokens", texts).numbers("tokenizer.ggml.scores", 6, scores);
  file.numbers("tokenizer.ggml.token_type", 5, types);
}

const std::string kBlank = "\xE2\x96\x81";
std::vector<Token> pieces() {
  return {{"<unk>", 0, Unknown},
          {"<s>", 0, Control},
          {"</s>", 0, Control},
          {"<0x41>", 0, Byte},
          {"ab", -1},
          {kBlank + "a", -2},
          {"bc", -3},
          {"abc", -4},
          {kBlank, -5},
          {"a", -6},
          {"b", -7},
          {"c", -8},
          {"<", -9},
          {"s", -10},
          {">", -11},
          {"<s", -12},
          {"[PAD]", 0, Unused},
          {"<tool>", 0, UserDefined},
          {"<|eot_id|>", 0, Control}};
}

std::string spm(const Edit &more = {}, const std::vector<Token> &tokens = pieces()) {
  GgufFile file;
  file.string("tokenizer.ggml.model", "llama");
  add(file, tokens);
  file.u32("tokenizer.ggml.bos_token_id", 1).u32("tokenizer.ggml.eos_token_id", 2);
  file.u32("tokenizer.ggml.unknown_token_id", 0);
  if (more)
    more(file);
  return file.text();
}

std::string gpt2(const Edit &more = {}, const std::string &pre = "gpt-2") {
  GgufFile file;
  file.string("tokenizer.ggml.model", "gpt2").string("tokenizer.ggml.pre", pre);
  add(file, {{"a", 0},
             {"b", 0},
             {"\xC4\xA0", 0},
             {"ab", 0},
             {"\xC4\xA0"
              "ab",
              0},
             {"<|im_end|>", 0, Control}});
  file.strings("tokenizer.ggml.merges", {"a b", "\xC4\xA0 ab"});
  if (more)
    more(file);
  return file.text();
}

Result<GgufVocabulary> read(const std::string &text, int64_t vocab) {
  static const std::string name = "m.gguf";
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t *>(text.data()), text.size());
  TENON_ASSIGN(const GgufHeader header, readGgufHeader(bytes, name));
  GgufMetadata metadata(bytes, name, header.entries);
  return readGgufVocabulary(metadata, vocab);
}

std::unique_ptr<text::Tokenizer> tokenizer(const std::string &text, int64_t vocab) {
  auto vocabulary = read(text, vocab);
  EXPECT_TRUE(vocabulary.isOk()) << vocabulary.status().message();
  if (!vocabulary.isOk())
    return nullptr;
  auto parsed = text::Tokenizer::parse(vocabulary->tokenizer, vocabulary->tokenizerConfig);
  EXPECT_TRUE(parsed.isOk()) << parsed.status().message();
  return parsed.isOk() ? *std::move(parsed) : nullptr;
}

void refused(const std::string &text, int64_t vocab, Code code, const std::string &message) {
  auto vocabulary = read(text, vocab);
  ASSERT_FALSE(vocabulary.isOk()) << message;
  EXPECT_EQ(vocabulary.status().code(), code) << vocabulary.status().message();
  EXPECT_THAT(vocabulary.status().message(), testing::StartsWith("m.gguf: "));
  EXPECT_THAT(vocabulary.status().message(), HasSubstr(message));
}

TEST(GgufMerges, FollowTheScores) {
  const ScoredToken tokens[] = {{"a", -9, true},         {"b", -8, true},        {"ab", -1, true},
                                {"ba", -1, true},        {"aba", -3, true},      {"ac", -2, true} /* c is no token */,
                                {"b\xC3\xA9", -2, true}, {"\xC3\xA9", -9, true}, {"bb", -1, false}};
  EXPECT_THAT(mergesByScore(tokens),
              ElementsAre(std::pair(0, 1), std::pair(1, 0), std::pair(1, 7), std::pair(2, 0), std::pair(0, 3)));
}

TEST(GgufVocabulary, SentencePieceMergesTheHighestScoreFirst) {
  auto t = tokenizer(spm(), 19);
  ASSERT_TRUE(t);
  // "▁a" is worth less than "ab", so the space stays alone; then "abc" grows.
  EXPECT_EQ(*t->encode("abc", true), (Ids{1, 8, 7}));
  EXPECT_EQ(*t->encode("ac", true), (Ids{1, 5, 11}));
  EXPECT_EQ(*t->encode("A", true), (Ids{1, 8, 3})); // bytes of what is no piece
  EXPECT_EQ(*t->encode("Z", true), (Ids{1, 8, 0})); // and unknown without them
  EXPECT_EQ(t->decode(Ids{1, 8, 7, 5, 3}, false), "abc aA");
  EXPECT_EQ(t->bosId(), 1);
  EXPECT_EQ(t->eosId(), 2);
}

TEST(GgufVocabulary, TextNeverGrowsIntoControlTokens) {
  auto t = tokenizer(spm(), 19);
  ASSERT_TRUE(t);
  const auto isText = text::Tokenizer::SpecialText::IsText, isToken = text::Tokenizer::SpecialText::IsToken;
  EXPECT_EQ(*t->encode("<s>", false, isText), (Ids{8, 15, 14})); // "<s" and ">", not "<s>"
  EXPECT_EQ(*t->encode("<s>", false, isToken), (Ids{1}));
  EXPECT_EQ(*t->encode("b<tool>b", false, isText), (Ids{8, 10, 17, 8, 10})); // a space after each token, as llama.cpp
  EXPECT_TRUE(t->isSpecial(1));
  EXPECT_FALSE(t->isSpecial(17));
  EXPECT_EQ(t->tokenText(16), std::nullopt); // unused
}

TEST(GgufVocabulary, SentencePieceWithoutItsSpace) {
  auto t = tokenizer(spm([](GgufFile &f) {
                       f.boolean("tokenizer.ggml.add_space_prefix", false);
                       f.boolean("tokenizer.ggml.add_bos_token", false).boolean("tokenizer.ggml.add_eos_token", true);
                     }),
                     19);
  ASSERT_TRUE(t);
  EXPECT_EQ(*t->encode("abc a", true), (Ids{7, 5, 2}));
  EXPECT_EQ(t->decode(Ids{5}, false), " a");
}

TEST(GgufVocabulary, ByteLevel) {
  auto t = tokenizer(gpt2(), 6);
  ASSERT_TRUE(t);
  EXPECT_EQ(*t->encode("ab ab<|im_end|>", true), (Ids{3, 4, 5}));
  EXPECT_EQ(t->decode(Ids{3, 4, 5}, false), "ab ab");
  EXPECT_EQ(t->bosId(), std::nullopt);
  auto config = read(gpt2([](GgufFile &f) {
                       f.u32("tokenizer.ggml.eos_token_id", 0).u32("tokenizer.ggml.padding_token_id", 1);
                       f.u32("tokenizer.ggml.eot_token_id", 2).u32("tokenizer.ggml.bos_token_id", UINT32_MAX);
                       f.string("tokenizer.chat_template", "{{ \"x\" }}\n\\").u32("tokenizer.ggml.fim_pre_token_id", 1);
                       f.string("tokenizer.chat_template.tool_use", "y");
                     }),
                     6);
  ASSERT_TRUE(config.isOk()) << config.status().message();
  EXPECT_THAT(config->generation.eosIds, ElementsAre(0, 2, 5)); // and <|im_end|> by its name
  EXPECT_THAT(config->generation.padIds, ElementsAre(1));
  EXPECT_TRUE(config->generation.bosIds.empty());
  auto document = parseJson(config->tokenizerConfig, "c");
  EXPECT_EQ(*document->root().find("chat_template")->string(), "{{ \"x\" }}\n\\");
}

TEST(GgufVocabulary, EveryRuleMakesATokenizer) {
  std::string names = ggufPreTokenizerNames() + ",";
  int count = 0;
  for (size_t at = 0; at < names.size();) {
    const size_t end = names.find(',', at);
    const std::string name = names.substr(at, end - at);
    EXPECT_TRUE(tokenizer(gpt2([](GgufFile &f) { f.u32("tokenizer.ggml.bos_token_id", 5); }, name), 6)) << name;
    at = end + 2;
    ++count;
  }
  EXPECT_GT(count, 10);
  EXPECT_EQ(ggufPreTokenizer("llama-bpe llama3"), std::nullopt);
  EXPECT_EQ(ggufPreTokenizer(""), std::nullopt);
}

// What each rule keeps together, where the rules differ.
TEST(GgufVocabulary, RulesCutTextTheirOwnWay) {
  auto words = [](const std::string &pre, const std::string &text) {
    // Digits merge freely, so that every word of digits is one token.
    GgufFile file;
    file.string("tokenizer.ggml.model", "gpt2").string("tokenizer.ggml.pre", pre);
    add(file, {{"1", 0}, {"11", 0}, {"111", 0}, {"1111", 0}, {"a", 0}, {"A", 0}, {"aA", 0}});
    file.strings("tokenizer.ggml.merges", {"1 1", "11 1", "11 11", "a A"})
        .boolean("tokenizer.ggml.add_bos_token", false);
    return *tokenizer(file.text(), 7)->encode(text, true);
  };
  EXPECT_EQ(words("gpt-2", "1111aA"), (Ids{3, 6}));
  EXPECT_EQ(words("llama-bpe", "1111aA"), (Ids{2, 0, 6}));
  EXPECT_EQ(words("qwen2", "1111aA"), (Ids{0, 0, 0, 0, 6}));
  EXPECT_EQ(words("smollm", "1111aA"), (Ids{0, 0, 0, 0, 6}));
  EXPECT_EQ(words("tekken", "1111aA"), (Ids{0, 0, 0, 0, 4, 5})); // upper case begins a word
  EXPECT_EQ(words("deepseek-coder", "1111aA"), (Ids{0, 0, 0, 0, 6}));
}

TEST(GgufVocabulary, AFileMayHaveNone) {
  for (const std::string &text : {GgufFile().text(), GgufFile().string("tokenizer.ggml.model", "none").text()}) {
    auto vocabulary = read(text, 6);
    ASSERT_TRUE(vocabulary.isOk());
    EXPECT_TRUE(vocabulary->tokenizer.empty());
  }
}

TEST(GgufVocabulary, RefusesWhatIsWrong) {
  auto wrong = [](const std::string &text, const std::string &message) {
    refused(text, 19, Code::InvalidFile, message);
  };
  refused(spm(), 20, Code::InvalidFile,
          "tokenizer.ggml.tokens: expected 20 tokens, the rows of token_embd.weight, got");
  wrong(GgufFile().string("tokenizer.ggml.model", "llama").text(), "tokenizer.ggml.tokens is missing");
  wrong(GgufFile().string("tokenizer.ggml.model", "llama").u32("tokenizer.ggml.tokens", 1).text(),
        "expected an array of strings, got 1");
  wrong(spm([](GgufFile &f) { f.u32("tokenizer.ggml.eot_token_id", 19); }),
        "an id below the number of tokens, 19, got 19");
  wrong(spm([](GgufFile &f) { f.u32("tokenizer.ggml.add_bos_token", 1); }), "add_bos_token: expected true or false");
  wrong(spm({},
            [] {
              auto p = pieces();
              p[3].type = 7;
              return p;
            }()),
        "token_type: expected numbers from 0 to 6, not 7");
  wrong(spm({},
            [] {
              auto p = pieces();
              p[3].score = std::nanf("");
              return p;
            }()),
        "scores: expected numbers, not NaN");
  GgufFile unscored;
  unscored.string("tokenizer.ggml.model", "llama").strings("tokenizer.ggml.tokens", std::vector<std::string>(19, "x"));
  wrong(unscored.text(), "tokenizer.ggml.scores is missing");
  unscored.numbers<float>("tokenizer.ggml.scores", 6, {1, 2});
  wrong(unscored.text(), "scores: expected as many as there are tokens, 19, got [1, 2]");
  unscored.numbers<int32_t>("tokenizer.ggml.token_type", 5, {1, 2});
  wrong(unscored.text(), "token_type: expected as many as there are tokens, 19");
  GgufFile merges;
  merges.string("tokenizer.ggml.model", "gpt2").string("tokenizer.ggml.pre", "gpt-2");
  merges.strings("tokenizer.ggml.tokens", std::vector<std::string>(19, "x"));
  wrong(merges.text(), "tokenizer.ggml.merges is missing");
  merges.strings("tokenizer.ggml.merges", {"ab"});
  wrong(merges.text(), "two tokens with a space between them, not \"ab\"");
  refused(gpt2([](GgufFile &f) { f.boolean("tokenizer.ggml.add_eos_token", true); }), 6, Code::InvalidFile,
          "tokenizer.ggml.eos_token_id is missing, expected an id, as add_eos_token is true");
}

TEST(GgufVocabulary, RefusesWhatItDoesNotKnow) {
  auto unknown = [](const std::string &text, const std::string &message) {
    refused(text, 19, Code::Unsupported, message);
  };
  unknown(GgufFile().string("tokenizer.ggml.model", "bert").text(),
          "a vocabulary that Tenon knows, gpt2 or llama, got \"bert\"");
  unknown(spm([](GgufFile &f) { f.u32("tokenizer.ggml.brand_new", 1); }), "tokenizer.ggml.brand_new = 1 is not known");
  unknown(spm([](GgufFile &f) { f.boolean("tokenizer.ggml.remove_extra_whitespaces", true); }),
          "remove_extra_whitespaces: expected false");
  unknown(spm([](GgufFile &f) { f.string("tokenizer.ggml.pre", "llama-bpe"); }), "\"default\" for a llama vocabulary");
  refused(gpt2({}, "default"), 6, Code::Unsupported, "tokenizer.ggml.pre: expected one of llama-bpe, llama3,");
  GgufFile file;
  file.string("tokenizer.ggml.model", "gpt2").strings("tokenizer.ggml.tokens", {"x"});
  refused(file.text(), 1, Code::Unsupported, "tokenizer.ggml.pre is missing");
  refused(gpt2([](GgufFile &f) { f.boolean("tokenizer.ggml.add_space_prefix", true); }), 6, Code::Unsupported,
          "add_space_prefix: expected false");
}

} // namespace
