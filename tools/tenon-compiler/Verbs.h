// The verbs that need the compiler, one factory each.
#pragma once

#include "tools/cli/Verb.h"

namespace tenon::cli {

std::unique_ptr<Verb> makeCompileVerb();
std::unique_ptr<Verb> makePlanVerb();
std::unique_ptr<Verb> makeSwapWeightsVerb();
std::unique_ptr<Verb> makeCacheVerb();

// The actions of `tenon cache`.
std::unique_ptr<Verb> makeCacheExplain();
std::unique_ptr<Verb> makeCacheStats();
std::unique_ptr<Verb> makeCacheLs();
std::unique_ptr<Verb> makeCacheRm();
std::unique_ptr<Verb> makeCacheGc();
std::unique_ptr<Verb> makeCacheVerify();
std::unique_ptr<Verb> makeCacheExport();
std::unique_ptr<Verb> makeCacheImport();
std::unique_ptr<Verb> makeCachePush();
std::unique_ptr<Verb> makeCacheKeys();

} // namespace tenon::cli
