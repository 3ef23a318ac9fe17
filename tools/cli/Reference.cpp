#include "tools/cli/Reference.h"

#include <CLI/CLI.hpp>
#include <cstdio>

namespace tenon::cli {
namespace {

// In a table's cell a bar would end it.
std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

// "N", "FILE", "auto|bf16": from the type that the option names, or from the one that CLI11 made up.
std::string valueName(const CLI::Option &option) {
  std::string type = option.get_type_name();
  if (const size_t set = type.find('{'); set != std::string::npos) {
    type = type.substr(set + 1, type.find('}', set) - set - 1);
    std::replace(type.begin(), type.end(), ',', '|');
    return type;
  }
  type = type.substr(0, type.find(':'));
  return type == "UINT" || type == "UINT64" ? "N" : type == "FLOAT" ? "X" : type;
}

std::string synopsis(const std::string &name, const CLI::App &app) {
  std::string line = "tenon " + name;
  for (const CLI::Option *option : app.get_options())
    if (option->get_positional())
      line += " " + (option->get_required() ? option->get_name(true) : "[" + option->get_name(true) + "]");
  return line + " [OPTION]...";
}

std::string label(const CLI::Option &option) {
  if (option.get_positional())
    return option.get_name(true);
  std::string names;
  for (const std::string &name : option.get_snames())
    names += (names.empty() ? "-" : ", -") + name;
  for (const std::string &name : option.get_lnames())
    names += (names.empty() ? "--" : ", --") + name;
  return option.get_expected_max() == 0 ? names : names + " " + valueName(option); // no value expected: a flag
}

void printArguments(const CLI::App &app) {
  std::printf("| Argument | Meaning |\n|---|---|\n");
  for (const bool positional : {true, false})
    for (const CLI::Option *option : app.get_options()) {
      if (option->get_positional() != positional)
        continue;
      std::string meaning = option->get_description();
      if (!option->get_default_str().empty())
        meaning += ". Default: " + option->get_default_str();
      std::printf("| `%s` | %s |\n", cell(label(*option)).c_str(), cell(meaning).c_str());
    }
}

} // namespace

void printReference(const Verb &verb, const CLI::App &app) {
  const std::vector<const CLI::App *> actions = app.get_subcommands([](const CLI::App *) { return true; });
  std::printf("## tenon %s\n\n%s.\n\n", verb.name(), verb.summary());
  if (actions.empty()) {
    std::printf("```\n%s\n```\n\n", synopsis(verb.name(), app).c_str());
    printArguments(app);
    std::printf("\n");
  }
  for (const CLI::App *action : actions) {
    const std::string name = std::string(verb.name()) + " " + action->get_name();
    std::printf("### tenon %s\n\n%s.\n\n```\n%s\n```\n\n", name.c_str(), action->get_description().c_str(),
                synopsis(name, *action).c_str());
    printArguments(*action);
    std::printf("\n");
  }
  std::printf("Examples:\n\n```\n%s```\n\n", verb.examples());
}

void printOptions(const CLI::App &app) {
  for (const CLI::Option *option : app.get_options()) {
    for (const std::string &name : option->get_lnames())
      std::printf("--%s\n", name.c_str());
    for (const std::string &name : option->get_snames())
      std::printf("-%s\n", name.c_str());
  }
  for (const CLI::App *action : app.get_subcommands([](const CLI::App *) { return true; })) {
    std::printf("%s\n", action->get_name().c_str());
    printOptions(*action);
  }
}

void printValues(const CLI::App &app, const std::string &name) {
  const CLI::Option *option = app.get_option_no_throw(name);
  if (!option)
    return;
  const std::string type = option->get_type_name();
  const size_t begin = type.find('{'), end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos)
    return;
  std::string words = type.substr(begin + 1, end - begin - 1);
  std::replace(words.begin(), words.end(), ',', '\n');
  std::printf("%s\n", words.c_str());
}

} // namespace tenon::cli
