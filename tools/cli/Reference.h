// What the programs tell other programs about their options: the reference page and the words for shell completion.
// Both are read off the option tables, so they cannot lag behind.
#pragma once

#include "tools/cli/Verb.h"

namespace tenon::cli {

// One section of docs/reference/cli.md on stdout.
void printReference(const Verb &verb, const CLI::App &app);

// The verb's options and actions, one a line: --output, -o, gc, ...
void printOptions(const CLI::App &app);

// The words that the option `name` ("--emit") takes, one a line; nothing where it takes any.
void printValues(const CLI::App &app, const std::string &name);

} // namespace tenon::cli
