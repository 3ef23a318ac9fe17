// tokenizer.json from hostile bytes, and then text through what was accepted. The input is the JSON, a NUL byte, and
// text. What is accepted must give ids of its own, and the same text streamed as decoded at once.
#include "runtime/text/StreamDecoder.h"
#include "runtime/text/Tokenizer.h"
#include "test/fuzz/Require.h"

#include <simdjson.h>

using namespace tenon;
using namespace tenon::text;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view input(reinterpret_cast<const char *>(data), size);
  size_t end = std::min(input.find('\0'), input.size());
  std::string_view json = input.substr(0, end), text = input.substr(end).substr(end < size ? 1 : 0, 4096);

  auto tokenizer = Tokenizer::parse(json, {});
  if (!tokenizer.isOk()) {
    require(tokenizer.status().message().starts_with("tokenizer.json: "));
    require(tokenizer.status().code() == Code::InvalidFile || tokenizer.status().code() == Code::Unsupported);
    return 0;
  }
  const Tokenizer &accepted = **tokenizer;
  for (auto special : {Tokenizer::SpecialText::IsToken, Tokenizer::SpecialText::IsText}) {
    auto ids = accepted.encode(text, /*addSpecial=*/true, special);
    require(ids.isOk() || !ids.status().message().empty());
    if (!ids.isOk())
      continue;
    for (int32_t id : *ids)
      require(accepted.tokenText(id).has_value());
    ids->push_back(accepted.vocabSize()); // and one that is none
    for (bool show : {true, false}) {
      std::string whole = accepted.decode(*ids, show), streamed;
      StreamDecoder decoder(accepted, show);
      for (int32_t id : *ids) {
        std::string part = decoder.push(id);
        require(simdjson::validate_utf8(part.data(), part.size()));
        streamed += part;
      }
      require(whole == streamed + decoder.finish());
    }
  }
  return 0;
}
