#include "runtime/text/Tokenizer.h"

#include "runtime/text/StreamDecoder.h"
#include "runtime/text/TokenizerParts.h"
#include "runtime/text/Unicode.h"

namespace tenon::text {

Tokenizer::Tokenizer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Tokenizer::~Tokenizer() = default;

Result<std::unique_ptr<Tokenizer>> Tokenizer::parse(std::string_view tokenizerJson,
                                                    std::string_view tokenizerConfigJson) {
  auto parts = std::make_unique<Parts>();
  TENON_TRY(parts->parseTokenizer(tokenizerJson));
  if (!tokenizerConfigJson.empty())
    TENON_TRY(parts->parseConfig(tokenizerConfigJson));
  return std::unique_ptr<Tokenizer>(new Tokenizer(std::move(parts)));
}

Result<std::vector<int32_t>> Tokenizer::encode(std::string_view utf8, bool addSpecial, SpecialText specialText) const {
  if (!isUtf8(utf8))
    return Status(Code::Usage, "the text to encode: expected UTF-8, got other bytes at offset " +
                                   std::to_string(validUtf8Prefix(utf8)));
  // Normalization and visible spaces can make text longer; the model's indices are 32 bits.
  constexpr size_t longest = size_t(1) << 31;
  if (utf8.size() >= longest)
    return Status(Code::Usage,
                  "the text to encode: expected less than 2 GiB, got " + std::to_string(utf8.size()) + " bytes");
  SplitText text(utf8);
  TENON_TRY(parts_->added.extract(text, parts_->normalizer.get(), specialText == SpecialText::IsToken));
  if (parts_->preTokenizer)
    TENON_TRY(parts_->preTokenizer->apply(text));
  std::vector<int32_t> ids;
  ids.reserve(text.pieces().size() + 8);
  Bpe::Scratch scratch;
  for (const Piece &piece : text.pieces()) {
    if (piece.token >= 0) {
      ids.push_back(piece.token);
      continue;
    }
    if (piece.end - piece.begin >= longest)
      return Status(Code::Usage, "the text to encode: expected words of less than 2 GiB");
    TENON_TRY(parts_->model->encode(text.view(piece), scratch, ids));
  }
  if (parts_->postProcessor)
    parts_->postProcessor->apply(ids, addSpecial);
  return ids;
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool showSpecial) const {
  StreamDecoder decoder(*this, showSpecial);
  std::string text;
  for (int32_t id : ids)
    decoder.push(id, text);
  text += decoder.finish();
  return text;
}

int32_t Tokenizer::vocabSize() const { return parts_->vocabulary.idLimit(); }

std::optional<int32_t> Tokenizer::idOf(std::string_view token) const {
  int32_t id = parts_->vocabulary.find(token);
  return id < 0 ? std::nullopt : std::optional(id);
}

std::optional<std::string_view> Tokenizer::tokenText(int32_t id) const { return parts_->vocabulary.text(id); }
bool Tokenizer::isSpecial(int32_t id) const { return parts_->added.isSpecial(id); }
std::optional<int32_t> Tokenizer::bosId() const { return parts_->bos; }
std::optional<int32_t> Tokenizer::eosId() const { return parts_->eos; }

} // namespace tenon::text
