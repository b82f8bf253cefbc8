/* SPDX-License-Identifier: GPL-2.0-only */
/* What all verbs share: options and errors. */
#include "cmd/cmd.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/run-file.h"
#include "base/text.h"
#include "base/words.h"

void cmd_say(const char *verb, const char *text)
{
	g_autofree char *clean = text_lines(text);

	fprintf(stderr, "vtdlab%s%s: %s\n", *verb ? " " : "", verb, clean);
}

int cmd_fail(const char *verb, GError *error)
{
	int status = VTDLAB_EXIT_CANNOT_JUDGE;

	if (!error)
		return status;
	/* what cannot be run is told from what went wrong, by programs too: `vtdlab matrix` */
	if (g_error_matches(error, VTDLAB_ERROR, VTDLAB_ERROR_UNFIT))
		g_prefix_error(&error, "skipped: ");
	cmd_say(verb, error->message);
	status = vtdlab_error_exit(error);
	g_error_free(error);
	return status;
}

int cmd_usage_error(const char *verb, const char *format, ...)
{
	g_autofree char *message = NULL, *whole = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	/* of help itself there is no page */
	if (strcmp(verb, "help") == 0)
		verb = "";
	whole = g_strdup_printf("%s. Try: vtdlab help%s%s", message, *verb ? " " : "", verb);
	cmd_say(*verb ? verb : "help", whole);
	return VTDLAB_EXIT_USAGE;
}

enum progress_style cmd_progress(gboolean quiet, gboolean verbose)
{
	return quiet ? PROGRESS_QUIET : verbose ? PROGRESS_PLAIN : PROGRESS_AUTO;
}

bool cmd_colour(const char *verb, const char *when, bool *colour)
{
	const char *no_color = g_getenv("NO_COLOR"), *term = g_getenv("TERM");
	bool always = g_strcmp0(when, "always") == 0, never = g_strcmp0(when, "never") == 0;
	bool terminal = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;

	if (when && !always && !never && strcmp(when, "auto") != 0) {
		cmd_usage_error(verb, "--color '%s': auto, always or never", when);
		return false;
	}
	*colour = always || (!never && terminal && !(no_color && *no_color));
	return true;
}

void cmd_run_paths(char **names)
{
	for (; *names; names++)
		*names = run_path(*names);
}

/* The option of that name, or the last with such a prefix; @found: how many there are. */
static const GOptionEntry *find_option(const GOptionEntry *entries, const char *name, size_t len, unsigned *found)
{
	const GOptionEntry *of = NULL;

	*found = 0;
	for (const GOptionEntry *e = entries; e && e->long_name; e++) {
		if (strncmp(e->long_name, name, len) != 0)
			continue;
		of = e;
		(*found)++;
		if (!e->long_name[len]) {
			*found = 1;
			break;
		}
	}
	return of;
}

static bool unknown_option(const char *verb, const GOptionEntry *entries, const char *name, size_t len, unsigned found)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *word = g_strndup(name, len), *all = NULL;
	const char *near;

	for (const GOptionEntry *e = entries; e && e->long_name; e++)
		if (!found || strncmp(e->long_name, name, len) == 0)
			g_ptr_array_add(names, (char *)e->long_name);
	g_ptr_array_add(names, NULL);
	all = g_strjoinv(", --", (char **)names->pdata);
	near = found ? NULL : nearest_word(word, (const char *const *)names->pdata);
	if (found)
		cmd_usage_error(verb, "Ambiguous option --%s: --%s", word, all);
	else
		cmd_usage_error(verb, "Unknown option --%s%s%s", word, near ? "; the nearest is --" : "",
				near ? near : "");
	return false;
}

static bool takes_value(const GOptionEntry *e)
{
	return e->arg != G_OPTION_ARG_NONE && !(e->arg == G_OPTION_ARG_CALLBACK && e->flags & G_OPTION_FLAG_NO_ARG);
}

/* Is the word behind @word the value of it? Then it may look like an option and is none ("--new", "--set KEY=VALUE"). */
static bool value_follows(const GOptionEntry *entries, const char *word)
{
	if (word[0] == '-' && word[1] != '-' && word[1] && !word[2])
		for (const GOptionEntry *e = entries; e && e->long_name; e++)
			if (e->short_name == word[1])
				return takes_value(e);
	return false;
}

/*
 * A prefix that only one option has stands for it, as with every program that uses getopt_long(). False: it is none, said on
 * stderr with the nearest, or with all that it may stand for.
 */
static bool expand_options(const char *verb, const GOptionEntry *entries, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *name = argv[i] + 2;
		size_t len = strcspn(name, "=");
		const GOptionEntry *e;
		unsigned found;

		if (value_follows(entries, argv[i])) {
			i++;
			continue;
		}
		if (strncmp(argv[i], "--", 2) != 0 || !len || strncmp("help", name, len) == 0)
			continue;
		e = find_option(entries, name, len, &found);
		if (found != 1)
			return unknown_option(verb, entries, name, len, found);
		argv[i] = g_strdup_printf("--%s%s", e->long_name, name + len);
		if (!name[len] && takes_value(e))
			i++;
	}
	return true;
}

int cmd_parse(const char *verb, const GOptionEntry *entries, int *argc, char ***argv)
{
	static gboolean help;
	const GOptionEntry help_entry[] = {
		{ "help", 'h', 0, G_OPTION_ARG_NONE, &help, "this text", NULL },
		G_OPTION_ENTRY_NULL,
	};
	const struct verb *v = cmd_find_verb(verb);
	g_autofree char *prgname = g_strdup_printf("vtdlab %s", verb);
	g_autoptr(GOptionContext) context = g_option_context_new(v ? v->args : "");
	g_autoptr(GError) error = NULL;

	help = FALSE;
	g_set_prgname(prgname);
	g_option_context_set_help_enabled(context, FALSE);
	if (v)
		g_option_context_set_summary(context, v->brief);
	if (entries)
		g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_add_main_entries(context, help_entry, NULL);
	if (!expand_options(verb, entries, *argc, *argv))
		return VTDLAB_EXIT_USAGE;
	if (!g_option_context_parse(context, argc, argv, &error))
		return cmd_usage_error(verb, "%s", error->message);
	if (help) {
		g_autofree char *text = g_option_context_get_help(context, FALSE, NULL);

		fputs(text, stdout);
		return VTDLAB_EXIT_OK;
	}
	/* "--" has done its work, GOption leaves it. */
	if (*argc > 1 && strcmp((*argv)[1], "--") == 0) {
		memmove(*argv + 1, *argv + 2, (*argc - 1) * sizeof(**argv));
		(*argc)--;
	}
	return -1;
}

static void on_signal(int sig)
{
	(void)sig;
	interrupt_set();
}

void cmd_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* a file-size limit is an error of a write, which names the file */
	signal(SIGXFSZ, SIG_IGN);
}
