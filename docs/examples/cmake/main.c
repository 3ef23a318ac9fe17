/* Streams text from the engine that is linked into this program:  verse PROMPT [TOKENS] */
#include "verse_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include <tenon/text.h>

static void check(tenon_status status) {
  if (status == TENON_OK)
    return;
  fprintf(stderr, "verse: %s\n", tenon_last_message());
  exit(status);
}

static int print(void *decoder, int32_t token) {
  fputs(tenon_decoder_push(decoder, token), stdout);
  fflush(stdout);
  return 0; /* go on */
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s PROMPT [TOKENS]\n", argv[0]);
    return TENON_USAGE;
  }
  tenon_engine *engine;
  tenon_tokenizer *tokenizer;
  tenon_session *session;
  tenon_decoder *decoder;
  check(tenon_engine_open_memory(verse_engine, verse_engine_size, NULL, &engine));
  check(tenon_tokenizer_from_engine(engine, &tokenizer));
  check(tenon_session_create(engine, NULL, &session)); /* NULL: greedy */
  check(tenon_decoder_create(tokenizer, 0, &decoder));

  int32_t tokens[256];
  size_t count = 0;
  check(tenon_encode(tokenizer, argv[1], strlen(argv[1]), TENON_ENCODE_ADD_SPECIAL, tokens, 256, &count));
  tenon_generate_options options = TENON_GENERATE_OPTIONS_INIT;
  options.max_tokens = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 32;
  fputs(argv[1], stdout);
  check(tenon_generate(session, tokens, count, &options, print, decoder, NULL));
  puts(tenon_decoder_finish(decoder));

  tenon_decoder_free(decoder);
  tenon_session_free(session);
  tenon_tokenizer_free(tokenizer);
  tenon_engine_close(engine);
  return 0;
}
