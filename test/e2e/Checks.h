// The end-to-end checks: an engine against golden outputs, and against itself cut up in other ways. Each prints its
// figures and fails with a message that names what was outside its tolerance.
#pragma once

#include "runtime/session/Engine.h"
#include "test/e2e/Golden.h"

namespace tenon::golden {

// Logits of all rows of `tokens`, fed in chunks of `chunk` tokens (0: as large as the engine takes).
Result<std::vector<float>> allLogits(Engine &engine, std::span<const int32_t> tokens, uint32_t chunk = 0);

// `count` greedy tokens after `prompt`, fed in chunks; end tokens are ignored.
Result<std::vector<int32_t>> greedyText(Engine &engine, std::span<const int32_t> prompt, size_t count,
                                        uint32_t chunk = 0);

// Relative RMS difference of the logits of every golden/logits-*.npy.
Status checkLogits(Engine &engine, const std::string &modelFolder, double tolerance);

// Greedy tokens of every golden prompt, up to the first choice whose golden margin is below `margin`.
Status checkGreedy(Engine &engine, const std::string &modelFolder, double margin);

// The protocol of test/models/README.md on eval/<text>: windows of 511 tokens after BOS, positions 256..511 scored.
// With windows > 0 only that many are run and nothing is compared.
Status checkPerplexity(Engine &engine, const std::string &modelFolder, const std::string &evalFolder,
                       const std::string &text, double tolerance, uint64_t windows);

// What a comparison may show at most; 0 asks for nothing.
struct Bounds {
  double perplexity = 0; // of the ratio's distance from 1
  double divergence = 0; // mean, in nats
};

// The same text through two engines: perplexities, the mean Kullback-Leibler divergence from the reference's
// distribution and how often both put the same token first.
Status comparePerplexity(Engine &engine, Engine &reference, const std::string &evalFolder, const std::string &text,
                         Bounds bounds, uint64_t windows);

// Greedy text is the same however the prompt is cut and whatever else is in the batch; the same steps give the same
// bits.
Status checkInvariance(Engine &engine, const std::string &modelFolder);

} // namespace tenon::golden
