/* Tenon: runs compiled engines. The whole public face of libtenon; tenon/text.h adds text. C99.
 *
 * CONVENTIONS
 *
 * Handles are opaque. tenon_x_open or tenon_x_create makes one, tenon_x_close or tenon_x_free releases it; releasing
 * NULL does nothing. What a handle hands out by pointer belongs to it and lives as long as it, unless said otherwise.
 *
 * Functions that can fail return a tenon_status. On anything but TENON_OK the outputs are untouched, and
 * tenon_last_message() says what failed, where, what was expected, what was found and what to do.
 *
 * Structs begin with struct_size, which the caller sets to sizeof of the struct (the TENON_..._INIT macros do), so that
 * fields can be added: fields that the caller does not know keep their defaults, fields that the library does not know
 * must be zero. Arrays of structs have the stride of the first one's struct_size.
 *
 * Strings are UTF-8 and end with a zero byte. Tokens are int32_t, from 0 to vocab - 1.
 *
 * Nothing is written to stdout or stderr, no signal is touched. Running out of memory for small objects ends the
 * process; large blocks are refused with TENON_RESOURCE.
 *
 * THREADS
 *
 * Different engines are independent. One engine, with all its sessions, is used by one thread at a time; the functions
 * marked [any thread] may be called at any time while the handle lives. An engine starts its own worker threads and
 * pins them to cores; while a step runs, the calling thread is pinned as well.
 */
#ifndef TENON_TENON_H
#define TENON_TENON_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define TENON_API __attribute__((visibility("default")))
#else
#define TENON_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The command line's exit codes are the same numbers. */
typedef enum tenon_status {
  TENON_OK = 0,
  TENON_INTERNAL = 1,     /* a defect of Tenon */
  TENON_USAGE = 2,        /* the call has no meaning: a bad argument, a wrong order */
  TENON_UNSUPPORTED = 3,  /* an engine or tokenizer of a kind that this library does not know */
  TENON_INVALID_FILE = 4, /* a file is missing, damaged or contradicts itself */
  TENON_CONSTRAINT = 5,   /* the engine's limits: context, sequences, KV pages */
  TENON_HOST_UNFIT = 6,   /* this machine lacks an instruction set or memory */
  TENON_INTEGRITY = 7,    /* a digest differs, or a required signature is missing, foreign or wrong */
  TENON_RESOURCE = 10     /* the system refused memory, threads or I/O */
} tenon_status;

/* The message of the last failure on the calling thread; "" before the first. Valid until the next failure on this
 * thread. [any thread] */
TENON_API const char *tenon_last_message(void);

/* "invalid file" and the like; "unknown status" for other numbers. [any thread] */
TENON_API const char *tenon_status_name(tenon_status status);

/* "0.1.0". [any thread] */
TENON_API const char *tenon_version(void);

/* Sets the calling thread's last message and returns `status`. For libraries that extend this one. [any thread] */
TENON_API tenon_status tenon_fail(tenon_status status, const char *message);

/* ---- Engines ---- */

typedef struct tenon_engine tenon_engine;

typedef struct tenon_engine_options {
  size_t struct_size;
  uint32_t threads;       /* workers, the calling thread included; 0: one per core that this process may use */
  int32_t verify_weights; /* not 0: compare the digests of all weights first (reads the whole file) */
  const char *cpus;       /* logical CPUs to run on, "0-3,8"; NULL: all that this process may use */
  /* Path of a file of public keys, of which one must have signed the engine ("<path>.sig", `tenon sign`); NULL: nobody
   * must. Everything that is used is then read and compared with its digest, the weights as well. */
  const char *require_signature;
  int64_t skip_weight_digests; /* not 0, with require_signature: do not read all weights; a change is not noticed */
} tenon_engine_options;
#define TENON_ENGINE_OPTIONS_INIT {sizeof(tenon_engine_options), 0, 0, NULL, NULL, 0}

/* Maps and checks the file, loads its code, allocates all memory that it will ever need, starts the workers.
 * `options` may be NULL. [any thread] */
TENON_API tenon_status tenon_engine_open(const char *path, const tenon_engine_options *options, tenon_engine **engine);

/* The same for an engine that lies in memory, such as one that tenon_embed_engine (CMake) linked into the program. The
 * bytes begin on a page (4096), hold the weights (--weights inside), stay as they are and live longer than the engine:
 * nothing but the metadata is copied. Checks are those of a file. [any thread] */
TENON_API tenon_status tenon_engine_open_memory(const void *bytes, size_t size, const tenon_engine_options *options,
                                                tenon_engine **engine);

/* All sessions of the engine must be freed first. */
TENON_API void tenon_engine_close(tenon_engine *engine);

typedef struct tenon_engine_info {
  size_t struct_size;
  const char *family; /* "llama" */
  const char *name;   /* of the model, may be "" */
  const char *target; /* the instruction set in use, "cpu:x86-64-v4" */
  uint32_t vocab;
  uint32_t max_sequences; /* sessions at once */
  uint32_t max_context;   /* tokens of one session */
  uint32_t max_rows;      /* tokens of the largest compiled step; longer prompts are cut */
  uint32_t page_tokens;   /* tokens of one KV page */
  uint32_t pages;         /* KV pages of all sessions together */
  uint32_t free_pages;    /* of these, now */
  uint32_t threads;
  uint64_t weight_bytes; /* mapped from the file, shared with other processes */
  uint64_t kv_bytes;     /* these three are the engine's one allocation */
  uint64_t io_bytes;
  uint64_t arena_bytes;
  const int32_t *stop_tokens; /* the model's end-of-text tokens */
  size_t stop_token_count;
} tenon_engine_info;

/* Fills as much of `info` as its struct_size covers. */
TENON_API tenon_status tenon_engine_get_info(const tenon_engine *engine, tenon_engine_info *info);

typedef enum tenon_document {
  TENON_TOKENIZER = 0,        /* tokenizer.json */
  TENON_TOKENIZER_CONFIG = 1, /* tokenizer_config.json */
  TENON_CHAT_TEMPLATE = 2,    /* Jinja text */
  TENON_MODEL_CONFIG = 3      /* config.json */
} tenon_document;

/* A document that the engine carries, not zero-terminated; NULL and size 0 when it carries none. [any thread] */
TENON_API const char *tenon_engine_document(const tenon_engine *engine, tenon_document document, size_t *size);

/* ---- Sessions: one text each ---- */

typedef struct tenon_session tenon_session;

/* Applied in this order: repetition penalty, temperature, top-k, top-p, min-p; then one draw. The same seed writes the
 * same text, whatever other sessions do. */
typedef struct tenon_sampling {
  size_t struct_size;
  float temperature;        /* 0: greedy, the largest logit, of equal ones the lowest token */
  uint32_t top_k;           /* 0: off */
  float top_p;              /* 1: off */
  float min_p;              /* 0: off */
  float repetition_penalty; /* 1: off */
  uint64_t seed;
} tenon_sampling;
#define TENON_SAMPLING_INIT {sizeof(tenon_sampling), 0.0f, 0, 1.0f, 0.0f, 1.0f, 0}

/* The model's own defaults (generation_config.json), or greedy. */
TENON_API tenon_status tenon_engine_default_sampling(const tenon_engine *engine, tenon_sampling *sampling);

/* `sampling` may be NULL: greedy. TENON_CONSTRAINT when max_sequences sessions exist. */
TENON_API tenon_status tenon_session_create(tenon_engine *engine, const tenon_sampling *sampling,
                                            tenon_session **session);
TENON_API void tenon_session_free(tenon_session *session);

/* The text so far, prompt and generated. Valid until the session's next call. */
TENON_API const int32_t *tenon_session_tokens(const tenon_session *session, size_t *count);

/* Forgets all tokens from position `length` on and frees the pages that only they used. */
TENON_API tenon_status tenon_session_truncate(tenon_session *session, size_t length);

/* ---- Generating ---- */

typedef enum tenon_end {
  TENON_END_STOP_TOKEN = 0,
  TENON_END_MAX_TOKENS = 1,
  TENON_END_CONTEXT_FULL = 2,
  TENON_END_CANCELLED = 3 /* by the callback */
} tenon_end;

typedef struct tenon_generate_options {
  size_t struct_size;
  uint32_t max_tokens;        /* 0: until a stop token or a full context */
  const int32_t *stop_tokens; /* NULL: the model's own */
  size_t stop_token_count;    /* 0 with stop_tokens not NULL: none */
} tenon_generate_options;
#define TENON_GENERATE_OPTIONS_INIT {sizeof(tenon_generate_options), 0, NULL, 0}

/* Called with each generated token, stop tokens excluded. Return 0 to go on, anything else to end. It must not call
 * functions of this engine or its sessions. */
typedef int (*tenon_token_callback)(void *user, int32_t token);

/* Appends `prompt` to the text and samples until an end. The last token reported has not gone through the model; the
 * next call feeds it before its prompt, which may then be empty. `options`, `callback` and `end` may be NULL. On
 * TENON_CONSTRAINT in the middle (no KV page left) the tokens reported so far stay, and the call may be repeated with
 * an empty prompt. */
TENON_API tenon_status tenon_generate(tenon_session *session, const int32_t *prompt, size_t prompt_count,
                                      const tenon_generate_options *options, tenon_token_callback callback, void *user,
                                      tenon_end *end);

/* ---- Single steps: many sessions at once ---- */

typedef struct tenon_step_item {
  size_t struct_size;
  tenon_session *session; /* at most one item each, all of one engine */
  const int32_t *tokens;  /* to append */
  size_t token_count;
  size_t logit_rows; /* how many of the last tokens need logits: 0 none, 1 the last, token_count all */
} tenon_step_item;
/* A token that tenon_generate has left waiting goes first; it may be the only one. */

/* Appends the tokens of all items to their sessions: prompts in chunks, one token each, or both mixed, in one pass.
 * Writes the logits asked for to `logits`, vocab floats a row, in the order of the items and of their tokens;
 * `logit_capacity` counts rows. All happens or nothing. */
TENON_API tenon_status tenon_step(tenon_engine *engine, const tenon_step_item *items, size_t item_count, float *logits,
                                  size_t logit_capacity);

/* Chooses the next token of a session from a row of vocab logits, which it overwrites, by the session's sampling. Does
 * not append it: the next step does. */
TENON_API tenon_status tenon_session_sample(tenon_session *session, float *logits, int32_t *token);

#ifdef __cplusplus
}
#endif

#endif
