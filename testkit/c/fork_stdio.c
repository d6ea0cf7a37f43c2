/* Forks while other threads hold the locks of stdio and allocate: a reader grows its line under its stream's
 * lock, a flusher holds the list of streams and waits for the reader's stream. */
#include "prove.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

static atomic_int stop;

static void *read_lines(void *path) {
    while (!atomic_load(&stop)) {
        FILE *file = fopen(path, "r");
        PROVE(file != NULL);
        char *line = NULL;
        size_t room = 0;
        while (getline(&line, &room, file) > 0) {
            free(line);
            line = NULL;
            room = 0;
        }
        free(line);
        fclose(file);
    }
    return NULL;
}

static void *flush_all(void *unused) {
    while (!atomic_load(&stop)) fflush(NULL);
    return unused;
}

int main(int count, char **words) {
    int forks = count > 1 ? atoi(words[1]) : 300;
    char path[] = "/tmp/bedplate-lines-XXXXXX";
    int fd = mkstemp(path);
    PROVE(fd >= 0);
    char line[60000];
    memset(line, 'x', sizeof line);
    for (size_t length = 10; length < sizeof line; length *= 3) {
        line[length] = '\n';
        PROVE(write(fd, line, length + 1) == (ssize_t)length + 1);
        line[length] = 'x';
    }
    close(fd);
    pthread_t threads[3];
    PROVE(pthread_create(&threads[0], NULL, read_lines, path) == 0);
    PROVE(pthread_create(&threads[1], NULL, read_lines, path) == 0);
    PROVE(pthread_create(&threads[2], NULL, flush_all, NULL) == 0);
    for (int i = 0; i < forks; i++) {
        pid_t child = fork();
        PROVE(child >= 0);
        if (child == 0) {
            FILE *file = fopen(path, "r");
            PROVE(file != NULL);
            free(malloc(100000));
            fclose(file);
            _exit(0);
        }
        int status;
        PROVE(waitpid(child, &status, 0) == child && status == 0);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    unlink(path);
    return prove_ok("fork_stdio");
}
