// What the text tests share: files below test/, tokenizers from files, golden cases as JSON.
#pragma once

#include "runtime/text/StreamDecoder.h"
#include "runtime/text/Tokenizer.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <simdjson.h>
#include <string>
#include <vector>

namespace tenon::text::testing {

inline std::string readTestFile(const std::string &path) {
  std::ifstream in(std::string(TENON_TEST_DATA) + "/" + path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

// Null, with a failure that says why, when the tokenizer is refused.
inline std::unique_ptr<Tokenizer> parseOrFail(std::string_view json, std::string_view config = {}) {
  Result<std::unique_ptr<Tokenizer>> tokenizer = Tokenizer::parse(json, config);
  EXPECT_TRUE(tokenizer.isOk()) << tokenizer.status().message();
  return tokenizer.isOk() ? *std::move(tokenizer) : nullptr;
}

inline std::vector<int32_t> encodeOrFail(const Tokenizer &tokenizer, std::string_view text, bool addSpecial = false,
                                         Tokenizer::SpecialText special = Tokenizer::SpecialText::IsToken) {
  Result<std::vector<int32_t>> ids = tokenizer.encode(text, addSpecial, special);
  EXPECT_TRUE(ids.isOk()) << ids.status().message();
  return ids.isOk() ? *std::move(ids) : std::vector<int32_t>{-1};
}

inline std::string decodeStream(const Tokenizer &tokenizer, const std::vector<int32_t> &ids, bool showSpecial) {
  StreamDecoder decoder(tokenizer, showSpecial);
  std::string text;
  for (int32_t id : ids) {
    std::string part = decoder.push(id);
    EXPECT_TRUE(simdjson::validate_utf8(part.data(), part.size())) << "half a character";
    text += part;
  }
  return text + decoder.finish();
}

inline std::vector<int32_t> idsOf(simdjson::dom::element list) {
  std::vector<int32_t> ids;
  for (simdjson::dom::element id : list.get_array().value())
    ids.push_back(static_cast<int32_t>(id.get_int64().value()));
  return ids;
}

inline std::string stringOf(simdjson::dom::element value) { return std::string(value.get_string().value()); }

} // namespace tenon::text::testing
