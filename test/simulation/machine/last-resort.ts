// Where errors go that nobody caught: to the world that is being simulated.

export const lastResort: { report: (error: unknown) => void } = {
  report: (error) => {
    throw error;
  },
};
