// Broken, contradictory and unsupported files: the code, and a message that names the place.
#include "TextTesting.h"
#include "TokenizerBuilder.h"

#include <functional>
#include <sys/resource.h>

using namespace tenon;
using namespace tenon::text;
using namespace tenon::text::testing;

namespace {

void expectRefused(const std::string &json, Code code, const std::string &inMessage, std::string_view config = {}) {
  Result<std::unique_ptr<Tokenizer>> tokenizer = Tokenizer::parse(json, config);
  ASSERT_FALSE(tokenizer.isOk()) << json.substr(0, 300);
  EXPECT_EQ(tokenizer.status().code(), code) << tokenizer.status().message();
  EXPECT_NE(tokenizer.status().message().find(inMessage), std::string::npos)
      << "expected '" << inMessage << "' in: " << tokenizer.status().message();
}

struct Broken {
  std::function<void(TokenizerText &)> change;
  Code code;
  const char *inMessage;
};

TEST(BrokenFile, EveryKindNamesItsPlace) {
  const Broken cases[] = {
      // Kinds that are not supported.
      {[](auto &t) { t.normalizer = R"({"type":"BertNormalizer","lowercase":true})"; }, Code::Unsupported,
       "normalizer: normalizer kind \"BertNormalizer\""},
      {[](auto &t) { t.normalizer = R"({"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Nmt"}]})"; },
       Code::Unsupported, "normalizer.normalizers[1]: normalizer kind \"Nmt\""},
      {[](auto &t) { t.preTokenizer = R"({"type":"Whitespace"})"; }, Code::Unsupported,
       "pre_tokenizer: pre-tokenizer kind \"Whitespace\""},
      {[](auto &t) { t.postProcessor = R"({"type":"BertProcessing","sep":["a",0],"cls":["b",1]})"; }, Code::Unsupported,
       "post_processor: post-processor kind \"BertProcessing\""},
      {[](auto &t) { t.decoder = R"({"type":"WordPiece"})"; }, Code::Unsupported,
       "decoder: decoder kind \"WordPiece\""},
      {[](auto &t) { t.modelOptions = R"(,"dropout":0.1)"; }, Code::Unsupported, "model.dropout"},
      {[](auto &t) { t.modelOptions = R"(,"continuing_subword_prefix":"##")"; }, Code::Unsupported,
       "model.continuing_subword_prefix"},
      {[](auto &t) { t.modelOptions = R"(,"end_of_word_suffix":"</w>")"; }, Code::Unsupported,
       "model.end_of_word_suffix"},
      // Types and values.
      {[](auto &t) { t.modelOptions = R"(,"fuse_unk":"yes")"; }, Code::InvalidFile,
       "model.fuse_unk: expected true or false"},
      {[](auto &t) { t.modelOptions = R"(,"unk_token":7)"; }, Code::InvalidFile,
       "model.unk_token: expected a string, got 7"},
      {[](auto &t) { t.vocab = "[]"; }, Code::InvalidFile, "model.vocab: expected an object, got an array"},
      {[](auto &t) {
         t.vocab = "{}";
         t.merges = "[]";
       },
       Code::InvalidFile, "at least one token"},
      {[](auto &t) { t.merges = "{}"; }, Code::InvalidFile, "model.merges: expected an array"},
      {[](auto &t) { t.normalizer = "7"; }, Code::InvalidFile, "normalizer: expected an object, got 7"},
      {[](auto &t) { t.normalizer = "{}"; }, Code::InvalidFile, "the key \"type\""},
      {[](auto &t) {
         t.preTokenizer = R"({"type":"Split","pattern":{"String":"a"},"behavior":"Eaten","invert":false})";
       },
       Code::InvalidFile, "pre_tokenizer.behavior: expected one of Removed"},
      {[](auto &t) {
         t.preTokenizer = R"({"type":"Split","pattern":{"Regex":"(a"},"behavior":"Removed","invert":false})";
       },
       Code::InvalidFile, "pre_tokenizer.pattern.Regex"},
      {[](auto &t) { t.preTokenizer = R"({"type":"Metaspace","replacement":"ab"})"; }, Code::InvalidFile,
       "one character"},
      {[](auto &t) {
         t.preTokenizer =
             R"({"type":"Metaspace","replacement":"_","add_prefix_space":false,"prepend_scheme":"always"})";
       },
       Code::InvalidFile, "because add_prefix_space is false"},
      {[](auto &t) { t.decoder = R"({"type":"Strip","content":" ","start":-1,"stop":0})"; }, Code::InvalidFile,
       "decoder.start: expected a whole number of at least 0, got -1"},
      // Ids.
      {[](auto &t) { t.vocab = R"({"a":0,"b":1099511627776})"; }, Code::InvalidFile,
       "model.vocab.b: expected a whole number from 0"},
      {[](auto &t) { t.vocab = R"({"a":0,"b":18446744073709551615})"; }, Code::InvalidFile, "model.vocab.b"},
      {[](auto &t) { t.vocab = R"({"a":-1})"; }, Code::InvalidFile, "model.vocab.a"},
      {[](auto &t) { t.vocab = R"({"a":1.5})"; }, Code::InvalidFile, "model.vocab.a"},
      {[](auto &t) {
         t.vocab = R"({"a":0,"b":0})";
         t.merges = "[]";
       },
       Code::InvalidFile, "an id of its own, got 0, which is \"a\""},
      {[](auto &t) {
         t.vocab = R"({"a":0,"a":1})";
         t.merges = "[]";
       },
       Code::InvalidFile, "the key \"a\" occurs twice"},
      // Merges.
      {[](auto &t) { t.merges = R"(["a z"])"; }, Code::InvalidFile, "model.merges[0]: expected a merge"},
      {[](auto &t) { t.merges = R"(["a b","b c"])"; }, Code::InvalidFile, "model.merges[1]"},
      {[](auto &t) { t.merges = R"(["a b c"])"; }, Code::InvalidFile, "one space between"},
      {[](auto &t) { t.merges = R"(["ab"])"; }, Code::InvalidFile, "one space between"},
      {[](auto &t) { t.merges = R"([["a","b"],"ab c"])"; }, Code::InvalidFile, "model.merges[1]: expected two tokens"},
      {[](auto &t) { t.merges = R"([["a","b","c"]])"; }, Code::InvalidFile, "model.merges[0]: expected two tokens"},
      {[](auto &t) { t.merges = "[7]"; }, Code::InvalidFile, "model.merges[0]: expected two tokens"},
      // Added tokens.
      {[](auto &t) { t.added = "[" + addedToken(7, "<s>") + "]"; }, Code::InvalidFile,
       "added_tokens[0].id: expected id 6 for \"<s>\", the next one after the vocabulary, got id 7"},
      {[](auto &t) { t.added = "[" + addedToken(1, "a") + "]"; }, Code::InvalidFile,
       "added_tokens[0].id: expected id 0 for \"a\", which the vocabulary holds, got id 1"},
      {[](auto &t) { t.added = "[" + addedToken(6, "<s>") + "," + addedToken(6, "<t>") + "]"; }, Code::InvalidFile,
       "added_tokens[1].id"},
      {[](auto &t) { t.added = "[" + addedToken(6, "<s>", true) + "," + addedToken(6, "<s>", false) + "]"; },
       Code::InvalidFile, "two that differ"},
      {[](auto &t) { t.added = R"([{"id":6,"content":"x"}])"; }, Code::InvalidFile, "the key \"single_word\""},
      {[](auto &t) { t.added = "[" + addedToken(6, std::string(5000, 'x')) + "]"; }, Code::Unsupported, "5000 bytes"},
      {[](auto &t) {
         t.normalizer = R"({"type":"Lowercase"})";
         t.added = "[" + addedToken(6, "XX", true, "false", "false", "false", "true") + "," +
                   addedToken(7, "Xx", true, "false", "false", "false", "true") + "]";
       },
       Code::InvalidFile, "differ after normalization, got \"xx\" twice"},
      // Post-processor.
      {[](auto &t) {
         t.postProcessor =
             R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}}],"special_tokens":{}})";
       },
       Code::InvalidFile, "the key \"x\""},
      {[](auto &t) {
         t.postProcessor = R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}}],
                              "special_tokens":{"x":{"id":"x","ids":[99],"tokens":["x"]}}})";
       },
       Code::InvalidFile, "special_tokens.x.ids: expected ids of tokens, got 99"},
      {[](auto &t) {
         t.postProcessor =
             R"({"type":"TemplateProcessing","single":[{"Sequence":{"id":"B","type_id":0}}],"special_tokens":{}})";
       },
       Code::InvalidFile, "the sequence \"A\""},
      // Keys.
      {[](auto &t) { t.normalizer = R"({"type":"NFC","type":"NFD"})"; }, Code::InvalidFile,
       "normalizer: the key \"type\" occurs twice"},
  };
  for (const Broken &one : cases) {
    TokenizerText text;
    one.change(text);
    expectRefused(text.json(), one.code, one.inMessage);
  }
}

TEST(BrokenFile, OtherModels) {
  expectRefused(R"({"model":{"type":"Unigram","vocab":[["a",0.0]]}})", Code::Unsupported,
                "model.type: model kind \"Unigram\"");
  expectRefused(R"({"model":{"type":"WordPiece","vocab":{}}})", Code::Unsupported, "\"WordPiece\"");
  expectRefused(R"({"model":{"vocab":{"a":0}}})", Code::Unsupported, "model");
  expectRefused(R"({"version":"2.0","model":{}})", Code::Unsupported, "version");
  expectRefused(R"({})", Code::InvalidFile, "the key \"model\"");
  expectRefused(R"({"model":[]})", Code::InvalidFile, "model: expected an object");
  expectRefused(R"([])", Code::InvalidFile, "expected an object, got an array");
}

TEST(BrokenFile, NotJson) {
  expectRefused("", Code::InvalidFile, "expected JSON");
  expectRefused("{", Code::InvalidFile, "tokenizer.json");
  expectRefused("<html>404</html>", Code::InvalidFile, "expected JSON");
  expectRefused("{\"model\": \"\xFF\"}", Code::InvalidFile, "expected JSON");
  expectRefused(TokenizerText().json().substr(0, 150), Code::InvalidFile, "tokenizer.json");
  expectRefused(std::string(100000, '['), Code::InvalidFile, "tokenizer.json");
  expectRefused("{\"a\":" + std::string(70, '[') + std::string(70, ']') + "}", Code::InvalidFile, "64 levels");
}

TEST(BrokenFile, Config) {
  std::string json = TokenizerText().json();
  expectRefused(json, Code::InvalidFile, "tokenizer_config.json: bos_token: expected a token of tokenizer.json",
                R"({"bos_token":"<s>"})");
  expectRefused(json, Code::InvalidFile, "tokenizer_config.json", "{");
  expectRefused(json, Code::InvalidFile, "eos_token", R"({"eos_token":5})");
  expectRefused(json, Code::InvalidFile, "because add_bos_token is true",
                R"({"tokenizer_class":"LlamaTokenizer","add_bos_token":true,"add_eos_token":false})");
}

TEST(BrokenFile, ChainsThatBlowTextUp) {
  std::string doubling;
  for (int i = 0; i < 30; ++i) {
    const char *step = R"({"type":"Replace","pattern":{"String":"a"},"content":"aa"})";
    doubling += (i ? "," : "") + std::string(step);
  }
  TokenizerText normalizer, preTokenizer, decoder, empty;
  normalizer.normalizer = R"({"type":"Sequence","normalizers":[)" + doubling + "]}";
  expectRefused(normalizer.json(), Code::Unsupported,
                "normalizer: steps that may make text more than 65536 times longer");
  decoder.decoder = R"({"type":"Sequence","decoders":[)" + doubling + "]}";
  expectRefused(decoder.json(), Code::Unsupported, "decoder: steps that may make text more than 65536 times longer");
  std::string bytes = R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false})";
  preTokenizer.preTokenizer = R"({"type":"Sequence","pretokenizers":[)" + bytes;
  for (int i = 0; i < 30; ++i)
    preTokenizer.preTokenizer += "," + bytes;
  preTokenizer.preTokenizer += "]}";
  expectRefused(preTokenizer.json(), Code::Unsupported, "pre_tokenizer: steps");
  empty.normalizer = R"({"type":"Replace","pattern":{"Regex":""},"content":")" + std::string(40000, 'x') + "\"}";
  expectRefused(empty.json(), Code::Unsupported, "normalizer: steps");
}

TEST(Config, NumbersBeyond64BitsAreNoReasonToRefuse) {
  // What transformers writes for "no limit", the float 1e30 as a whole number.
  EXPECT_TRUE(parseOrFail(TokenizerText().json(), R"({"model_max_length":1000000000000000019884624838656})"));
}

TEST(BrokenFile, MemoryFollowsTheFilesSize) {
  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  // The largest ids that are let through: a table of 64 thousand entries, not one that the ids ask for.
  TokenizerText text;
  text.vocab = R"({"a":0,"b":65539})";
  text.merges = "[]";
  auto tokenizer = parseOrFail(text.json());
  EXPECT_EQ(tokenizer->vocabSize(), 65540);
  text.vocab = R"({"a":0,"b":65540})";
  expectRefused(text.json(), Code::InvalidFile, "expected a whole number from 0 to 65539");
  text.vocab = R"({"a":0,"b":2147483647})";
  expectRefused(text.json(), Code::InvalidFile, "expected a whole number from 0 to 65539");
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 << 10) << "KiB";
}

TEST(Encode, RefusesTextThatIsNotUtf8) {
  auto tokenizer = parseOrFail(TokenizerText().json());
  Result<std::vector<int32_t>> ids = tokenizer->encode("ab\xC3(", false);
  ASSERT_FALSE(ids.isOk());
  EXPECT_EQ(ids.status().code(), Code::Usage);
  EXPECT_NE(ids.status().message().find("offset 2"), std::string::npos) << ids.status().message();
}

TEST(Encode, SaysWhenAPatternGivesUp) {
  TokenizerText text;
  text.preTokenizer = R"({"type":"Split","pattern":{"Regex":"(a+a+)+$"},"behavior":"Isolated","invert":false})";
  auto tokenizer = parseOrFail(text.json());
  Result<std::vector<int32_t>> ids = tokenizer->encode(std::string(60, 'a') + "b", false);
  ASSERT_FALSE(ids.isOk());
  EXPECT_EQ(ids.status().code(), Code::Resource);
}

} // namespace
