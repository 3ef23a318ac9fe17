// The rule that tells make and ninja which files an engine was made from.
#pragma once

#include "runtime/base/Status.h"

#include <string>
#include <vector>

namespace tenon {

// "TARGET: INPUT INPUT ...", one input a line, in the given order, escaped for GNU make (which ninja's reader follows);
// then a rule "INPUT:" for each without a percent sign, so that make compiles again, and does not give up, when an
// input is gone. A percent sign in TARGET is written as make wants it, which ninja
// reads as another name: there the rule needs `deps = gcc`, with which ninja does not look at TARGET. Usage for a path
// with a newline, which neither can say.
Result<std::string> depfileText(const std::string &target, const std::vector<std::string> &inputs);

// Writes it; the file appears complete or not at all.
Status writeDepfile(const std::string &path, const std::string &target, const std::vector<std::string> &inputs);

} // namespace tenon
