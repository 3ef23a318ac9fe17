// One text being written: a sequence of an engine, its tokens and its sampler.
//
// Threads: sessions of one engine share its thread: one call at a time over all of them. The engine must outlive them.
#pragma once

#include "runtime/session/Engine.h"
#include "runtime/session/Sampler.h"

#include <functional>

namespace tenon {

enum class GenerateEnd { StopToken, MaxTokens, ContextFull, Cancelled };

struct GenerateOptions {
  uint32_t maxTokens = 0;              // 0: until a stop token or a full context
  std::span<const int32_t> stopTokens; // the model's own: stopTokensOf(engine)
};

// Called with each generated token, stop token excluded; false ends the generation.
using TokenCallback = std::function<bool(int32_t token)>;

class Session;

// Tokens to append to one session in a common step.
struct SessionItem {
  Session *session;
  std::span<const int32_t> tokens;
  uint32_t logitRows = 1; // of the last tokens, as in StepItem
};

class Session {
public:
  // Errors: Usage (parameters), Constraint (no free slot).
  static Result<std::unique_ptr<Session>> create(Engine &engine, const SamplingParams &params = {});
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;
  ~Session();

  Engine &engine() const { return engine_; }
  SequenceId sequence() const { return sequence_; }
  Sampler &sampler() { return sampler_; }
  // The text so far, fed and generated, in order.
  std::span<const int32_t> tokens() const { return tokens_; }

  // Appends `prompt` to the text, then samples until an end. The last token reported is part of the text but has not
  // gone through the model; the next call feeds it before its prompt, which may then be empty. A stop token does not
  // become part of the text. ContextFull: the text has one token more than the context holds.
  // Errors: those of Engine::step. When the prompt is refused the text is as it was; when KV pages run out later, what
  // was reported stays and the call may be repeated with an empty prompt. Usage: nothing to start from.
  Result<GenerateEnd> generate(std::span<const int32_t> prompt, const GenerateOptions &options,
                               const TokenCallback &onToken);

  // Forgets all tokens from position `length` on, and with them their repetition penalty. The count of draws goes on.
  Status truncate(uint32_t length);

private:
  friend Status stepSessions(Engine &, std::span<const SessionItem>, LogitsSink &);
  Session(Engine &engine, SequenceId sequence, const SamplingParams &params);

  Engine &engine_;
  SequenceId sequence_;
  Sampler sampler_;
  std::vector<int32_t> tokens_; // the sequence holds all of them, or all but those that wait to be fed
};

// Engine::step over sessions: their texts and penalties follow. A token that waits to be fed goes first. When the first
// logits arrive, all tokens are accepted, so that the sink may sample. Errors: those of Engine::step, and Usage for a
// session of another engine; nothing has changed then.
Status stepSessions(Engine &engine, std::span<const SessionItem> items, LogitsSink &sink);

// The model's end-of-text ids, and its own sampling defaults (generation_config.json).
std::span<const int32_t> stopTokensOf(const Engine &engine);
SamplingParams defaultSampling(const Engine &engine);

} // namespace tenon
