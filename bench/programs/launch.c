/* Runs a program many times on an allocator and adds up what the runs cost.

   usage: launch RUNS LIBRARY PROGRAM ARGUMENT...

   LIBRARY is preloaded; "-" stands for none. A child starts with the peak of whoever started it, so a
   launcher that is a few hundred kilobytes large is needed to see the peak of a small program; and
   several short runs make one figure. The program's own output goes where ours goes. Last line:
   launched N cpu_us N wall_us N peak_kib N
   A run that fails ends all, with its code, or 128 and its signal. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long microseconds(struct timeval time) { return time.tv_sec * 1000000L + time.tv_usec; }

static long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

int main(int count, char **word) {
    if (count < 4) return 2;
    long runs = strtol(word[1], 0, 10), cpu = 0, peak = 0, begun = now();
    int has_library = word[2][0] != '-' || word[2][1];
    for (long run = 0; run < runs; run++) {
        pid_t child = fork();
        if (child < 0) return 4;
        if (!child) {
            if (has_library) setenv("LD_PRELOAD", word[2], 1);
            else unsetenv("LD_PRELOAD");
            /* Kept by what is executed: an allocator that hangs ends by itself. */
            alarm(120);
            execv(word[3], word + 3);
            _exit(127);
        }
        struct rusage used;
        int status;
        if (wait4(child, &status, 0, &used) != child) return 4;
        if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
        if (WEXITSTATUS(status)) return WEXITSTATUS(status);
        cpu += microseconds(used.ru_utime) + microseconds(used.ru_stime);
        if (used.ru_maxrss > peak) peak = used.ru_maxrss;
    }
    printf("launched %ld cpu_us %ld wall_us %ld peak_kib %ld\n", runs, cpu, now() - begun, peak);
    return 0;
}
