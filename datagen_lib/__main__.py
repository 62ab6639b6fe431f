import sys

if __name__ == "__main__":
    try:
        from .command.main import main

        code = main()
    except KeyboardInterrupt:  # before the command has begun
        code = 130
    sys.exit(code)
