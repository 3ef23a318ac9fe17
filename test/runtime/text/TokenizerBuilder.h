// Small tokenizer.json documents for tests: the parts that matter to a test are given, the others are the plainest
// there are.
#pragma once

#include <string>
#include <vector>

namespace tenon::text::testing {

struct TokenizerText {
  std::string vocab = R"({"a":0,"b":1,"c":2,"ab":3,"abc":4," ":5})";
  std::string merges = R"(["a b","ab c"])";
  std::string modelOptions; // more members of the model, each with a leading comma
  std::string added = "[]";
  std::string normalizer = "null";
  std::string preTokenizer = "null";
  std::string postProcessor = "null";
  std::string decoder = R"({"type":"Fuse"})";

  std::string json() const {
    return R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":)" + added + R"(,"normalizer":)" +
           normalizer + R"(,"pre_tokenizer":)" + preTokenizer + R"(,"post_processor":)" + postProcessor +
           R"(,"decoder":)" + decoder + R"(,"model":{"type":"BPE","vocab":)" + vocab + R"(,"merges":)" + merges +
           modelOptions + "}}";
  }
};

// An added token; `flags` are members that replace the defaults.
inline std::string addedToken(int id, const std::string &content, bool special = true,
                              const std::string &singleWord = "false", const std::string &lstrip = "false",
                              const std::string &rstrip = "false", const std::string &normalized = "false") {
  return R"({"id":)" + std::to_string(id) + R"(,"content":")" + content + R"(","single_word":)" + singleWord +
         R"(,"lstrip":)" + lstrip + R"(,"rstrip":)" + rstrip + R"(,"normalized":)" + normalized + R"(,"special":)" +
         (special ? "true" : "false") + "}";
}

// A vocabulary of the given tokens, numbered from 0.
inline std::string vocabOf(const std::vector<std::string> &tokens) {
  std::string out = "{";
  for (size_t i = 0; i < tokens.size(); ++i)
    out += (i ? ",\"" : "\"") + tokens[i] + "\":" + std::to_string(i);
  return out + "}";
}

} // namespace tenon::text::testing
