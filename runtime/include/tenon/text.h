/* Tenon: text to tokens and back, as a model's tokenizer.json says. The public face of libtenon-text; the conventions
 * are those of tenon/tenon.h. C99.
 *
 * A tokenizer never changes: any number of threads may use one at a time. A decoder belongs to one thread.
 */
#ifndef TENON_TEXT_H
#define TENON_TEXT_H

#include "tenon/tenon.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tenon_tokenizer tenon_tokenizer;
typedef struct tenon_decoder tenon_decoder;

/* From the contents of tokenizer.json and tokenizer_config.json (NULL and 0 when there is none). TENON_UNSUPPORTED
 * names a kind of tokenizer that Tenon does not know. Nothing of the contents is kept. */
TENON_API tenon_status tenon_tokenizer_create(const char *json, size_t json_size, const char *config_json,
                                              size_t config_size, tenon_tokenizer **tokenizer);

/* The tokenizer that the engine carries; TENON_USAGE when it carries none. Independent of the engine afterwards. */
TENON_API tenon_status tenon_tokenizer_from_engine(const tenon_engine *engine, tenon_tokenizer **tokenizer);

/* Its decoders must be freed first. */
TENON_API void tenon_tokenizer_free(tenon_tokenizer *tokenizer);

enum {
  TENON_ENCODE_ADD_SPECIAL = 1,     /* add what the tokenizer adds around a text (BOS and the like) */
  TENON_ENCODE_SPECIAL_IS_TEXT = 2, /* "<|end|>" in the text is text and not a token; for text from strangers */
  TENON_DECODE_SHOW_SPECIAL = 4
};

/* Writes the tokens of `size` bytes of UTF-8 to `tokens` and their number to `count`. When there are more than
 * `capacity` of them nothing is written but `count`, and the status is TENON_USAGE: call again with room for as many.
 */
TENON_API tenon_status tenon_encode(const tenon_tokenizer *tokenizer, const char *text, size_t size, unsigned flags,
                                    int32_t *tokens, size_t capacity, size_t *count);

/* Writes the text of `tokens` (UTF-8, not zero-terminated) to `text` and its bytes to `size`, with `capacity` as above.
 */
TENON_API tenon_status tenon_decode(const tenon_tokenizer *tokenizer, const int32_t *tokens, size_t count,
                                    unsigned flags, char *text, size_t capacity, size_t *size);

/* Decodes token by token, for streaming. The tokenizer must outlive it. */
TENON_API tenon_status tenon_decoder_create(const tenon_tokenizer *tokenizer, unsigned flags, tenon_decoder **decoder);
TENON_API void tenon_decoder_free(tenon_decoder *decoder);

/* The text that `token` settles: whole characters only, zero-terminated, perhaps empty. Valid until the next call for
 * this decoder. */
TENON_API const char *tenon_decoder_push(tenon_decoder *decoder, int32_t token);

/* The text that still waited, at the end; the decoder then starts anew. */
TENON_API const char *tenon_decoder_finish(tenon_decoder *decoder);

#ifdef __cplusplus
}
#endif

#endif
