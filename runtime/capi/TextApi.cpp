// tenon/text.h: the tokenizer, in a library of its own so that the core stays small. It uses the core's public face
// only.
#include "tenon/text.h"

#include "runtime/text/StreamDecoder.h"
#include "runtime/text/Tokenizer.h"

#include <cstring>

struct tenon_tokenizer {
  std::unique_ptr<tenon::text::Tokenizer> tokenizer;
};

struct tenon_decoder {
  const tenon::text::Tokenizer &tokenizer;
  bool showSpecial;
  tenon::text::StreamDecoder decoder;
  std::string text; // what the last call returned
};

using tenon::text::Tokenizer;

static tenon_status fail(const tenon::Status &status) {
  return tenon_fail(static_cast<tenon_status>(status.code()), status.message().c_str());
}

static tenon_status nullArgument(const char *function, const char *argument) {
  return tenon_fail(TENON_USAGE, (std::string(function) + ": " + argument + " must not be NULL").c_str());
}

// The outputs of a call whose result may not fit: the size always, the elements only together.
template <typename T>
static tenon_status deliver(const char *function, const T *from, size_t needed, T *to, size_t capacity, size_t *count) {
  *count = needed;
  if (needed > capacity)
    return tenon_fail(TENON_USAGE, (std::string(function) + ": expected room for " + std::to_string(needed) +
                                    ", found " + std::to_string(capacity))
                                       .c_str());
  if (needed && !to)
    return nullArgument(function, "the output");
  if (needed)
    std::memcpy(to, from, needed * sizeof(T));
  return TENON_OK;
}

extern "C" {

tenon_status tenon_tokenizer_create(const char *json, size_t json_size, const char *config_json, size_t config_size,
                                    tenon_tokenizer **tokenizer) {
  if (!json)
    return nullArgument("tenon_tokenizer_create", "json");
  if (!tokenizer)
    return nullArgument("tenon_tokenizer_create", "tokenizer");
  std::string_view config = config_json ? std::string_view(config_json, config_size) : std::string_view();
  auto parsed = Tokenizer::parse({json, json_size}, config);
  if (!parsed.isOk())
    return fail(std::move(parsed).status());
  *tokenizer = new tenon_tokenizer{*std::move(parsed)};
  return TENON_OK;
}

tenon_status tenon_tokenizer_from_engine(const tenon_engine *engine, tenon_tokenizer **tokenizer) {
  if (!engine)
    return nullArgument("tenon_tokenizer_from_engine", "engine");
  size_t size, configSize;
  const char *json = tenon_engine_document(engine, TENON_TOKENIZER, &size);
  const char *config = tenon_engine_document(engine, TENON_TOKENIZER_CONFIG, &configSize);
  if (!json)
    return tenon_fail(TENON_USAGE,
                      "the engine carries no tokenizer: compile it from a folder with a tokenizer.json, or "
                      "use tokens");
  return tenon_tokenizer_create(json, size, config, configSize, tokenizer);
}

void tenon_tokenizer_free(tenon_tokenizer *tokenizer) { delete tokenizer; }

tenon_status tenon_encode(const tenon_tokenizer *tokenizer, const char *text, size_t size, unsigned flags,
                          int32_t *tokens, size_t capacity, size_t *count) {
  if (!tokenizer)
    return nullArgument("tenon_encode", "tokenizer");
  if (!text && size)
    return nullArgument("tenon_encode", "text");
  if (!count)
    return nullArgument("tenon_encode", "count");
  auto special =
      flags & TENON_ENCODE_SPECIAL_IS_TEXT ? Tokenizer::SpecialText::IsText : Tokenizer::SpecialText::IsToken;
  auto ids = tokenizer->tokenizer->encode({text, size}, (flags & TENON_ENCODE_ADD_SPECIAL) != 0, special);
  if (!ids.isOk())
    return fail(std::move(ids).status());
  return deliver("tenon_encode", ids->data(), ids->size(), tokens, capacity, count);
}

tenon_status tenon_decode(const tenon_tokenizer *tokenizer, const int32_t *tokens, size_t count, unsigned flags,
                          char *text, size_t capacity, size_t *size) {
  if (!tokenizer)
    return nullArgument("tenon_decode", "tokenizer");
  if (!tokens && count)
    return nullArgument("tenon_decode", "tokens");
  if (!size)
    return nullArgument("tenon_decode", "size");
  std::string decoded = tokenizer->tokenizer->decode({tokens, count}, (flags & TENON_DECODE_SHOW_SPECIAL) != 0);
  return deliver("tenon_decode", decoded.data(), decoded.size(), text, capacity, size);
}

tenon_status tenon_decoder_create(const tenon_tokenizer *tokenizer, unsigned flags, tenon_decoder **decoder) {
  if (!tokenizer)
    return nullArgument("tenon_decoder_create", "tokenizer");
  if (!decoder)
    return nullArgument("tenon_decoder_create", "decoder");
  bool showSpecial = (flags & TENON_DECODE_SHOW_SPECIAL) != 0;
  *decoder = new tenon_decoder{
      *tokenizer->tokenizer, showSpecial, tenon::text::StreamDecoder(*tokenizer->tokenizer, showSpecial), {}};
  return TENON_OK;
}

void tenon_decoder_free(tenon_decoder *decoder) { delete decoder; }

const char *tenon_decoder_push(tenon_decoder *decoder, int32_t token) {
  decoder->text = decoder->decoder.push(token);
  return decoder->text.c_str();
}

const char *tenon_decoder_finish(tenon_decoder *decoder) {
  decoder->text = decoder->decoder.finish();
  decoder->decoder = tenon::text::StreamDecoder(decoder->tokenizer, decoder->showSpecial);
  return decoder->text.c_str();
}

} // extern "C"
