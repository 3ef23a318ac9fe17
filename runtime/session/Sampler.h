// Chooses the next token from logits.
//
// In this order: repetition penalty, temperature, top-k, top-p (nucleus), min-p; then one draw from what is left. A
// temperature of 0 is greedy: the largest logit. Equal logits: the lowest id comes first, everywhere. Minus infinity
// and NaN are never chosen; if nothing else is left, token 0 is.
//
// Randomness is counted, not streamed: the draw number `n` of a sampler depends on (seed, n) and nothing else, so the
// same seed gives the same text however sequences are batched and prompts are cut.
//
// Cost: greedy is two passes over the logits; top-k one pass and a heap of k (a selection above k = 1024); otherwise
// one pass of exponentials, and for top-p a selection by halves among the likely tokens. Never a full sort. Memory: 8
// bytes per candidate, at most one per vocabulary entry, kept between calls. Threads: one sampler, one thread.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <vector>

namespace tenon {

struct SamplingParams {
  float temperature = 0;       // 0: greedy; otherwise logits are divided by it
  uint32_t topK = 0;           // 0: off; keep the k largest
  float topP = 1;              // keep the fewest, largest first, whose probabilities sum to at least this; 1: off
  float minP = 0;              // keep those with at least this share of the largest probability; 0: off
  float repetitionPenalty = 1; // logits of tokens already accepted: divided by it if positive, else multiplied; 1: off
  uint64_t seed = 0;

  // Usage when a value makes no sense (negative, NaN, a share outside [0, 1]).
  Status check() const;
};

class Sampler {
public:
  // `params` must be checked.
  Sampler(const SamplingParams &params, uint32_t vocab);

  const SamplingParams &params() const { return params_; }

  // Tells the sampler of a token of the text (prompt or generated); only the repetition penalty needs it.
  void accept(int32_t token);

  // The next token. Overwrites `logits` (vocab entries). Does not accept it.
  int32_t sample(std::span<float> logits);

  // Forgets the accepted tokens. The count of draws goes on.
  void forget();

private:
  // `weight` is a logit until weigh() has made it a probability, up to a common factor.
  struct Candidate {
    float weight;
    int32_t token;
  };
  static bool comesBefore(const Candidate &a, const Candidate &b);
  void penalize(std::span<float> logits) const;
  void keepTopK(std::span<const float> logits);
  double keepAtLeast(std::span<const float> weights, float least);
  void keepNucleus(double total);
  void orderById(std::span<const float> weights);
  void orderById();
  int32_t drawCandidate();
  int32_t drawFrom(std::span<const float> weights, double total);
  double weigh(std::span<float> logits, float largest);
  double nextUniform();

  SamplingParams params_;
  uint64_t draws_ = 0;
  std::vector<int32_t> acceptedTokens_; // each once
  std::vector<bool> accepted_;
  std::vector<Candidate> candidates_;
  std::vector<double> blockWeights_; // sums of kBlock weights
};

} // namespace tenon
