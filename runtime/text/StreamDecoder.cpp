#include "runtime/text/StreamDecoder.h"

#include "runtime/text/TokenizerParts.h"

namespace tenon::text {

StreamDecoder::StreamDecoder(const Tokenizer &tokenizer, bool showSpecial)
    : tokenizer_(&tokenizer), showSpecial_(showSpecial),
      chain_(std::make_unique<DecodeChain>(tokenizer.parts_->decoders)) {}
StreamDecoder::~StreamDecoder() = default;
StreamDecoder::StreamDecoder(StreamDecoder &&) noexcept = default;
StreamDecoder &StreamDecoder::operator=(StreamDecoder &&) noexcept = default;

void StreamDecoder::push(int32_t id, std::string &out) {
  std::optional<std::string_view> token = tokenizer_->tokenText(id);
  if (token && (showSpecial_ || !tokenizer_->isSpecial(id)))
    chain_->push(*token, out);
}

std::string StreamDecoder::push(int32_t id) {
  std::string text;
  push(id, text);
  return text;
}

std::string StreamDecoder::finish() {
  std::string text;
  chain_->finish(text);
  return text;
}

} // namespace tenon::text
