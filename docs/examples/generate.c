/* Streams text from an engine:  generate ENGINE PROMPT [TOKENS]
 *
 *   cc generate.c -o generate $(pkg-config --cflags --libs tenon)
 *   ./generate model.tenon "And the LORD said unto Moses," 64
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include <tenon/text.h>

static void check(tenon_status status) {
  if (status == TENON_OK)
    return;
  fprintf(stderr, "generate: %s\n", tenon_last_message());
  exit(status); /* the same numbers as the command line's */
}

static int print(void *decoder, int32_t token) {
  fputs(tenon_decoder_push(decoder, token), stdout);
  fflush(stdout);
  return 0; /* go on */
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s ENGINE PROMPT [TOKENS]\n", argv[0]);
    return TENON_USAGE;
  }
  const char *prompt = argv[2];

  tenon_engine *engine;
  tenon_tokenizer *tokenizer;
  tenon_session *session;
  tenon_decoder *decoder;
  check(tenon_engine_open(argv[1], NULL, &engine));
  check(tenon_tokenizer_from_engine(engine, &tokenizer));
  check(tenon_session_create(engine, NULL, &session)); /* NULL: greedy */
  check(tenon_decoder_create(tokenizer, 0, &decoder));

  /* Ask for the number of tokens, then for the tokens. */
  size_t count = 0;
  tenon_encode(tokenizer, prompt, strlen(prompt), TENON_ENCODE_ADD_SPECIAL, NULL, 0, &count);
  int32_t *tokens = malloc((count + 1) * sizeof *tokens);
  if (!tokens)
    return TENON_RESOURCE;
  check(tenon_encode(tokenizer, prompt, strlen(prompt), TENON_ENCODE_ADD_SPECIAL, tokens, count, &count));

  tenon_generate_options options = TENON_GENERATE_OPTIONS_INIT;
  options.max_tokens = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 64;
  fputs(prompt, stdout);
  check(tenon_generate(session, tokens, count, &options, print, decoder, NULL));
  puts(tenon_decoder_finish(decoder));

  free(tokens);
  tenon_decoder_free(decoder);
  tenon_session_free(session);
  tenon_tokenizer_free(tokenizer);
  tenon_engine_close(engine);
  return 0;
}
